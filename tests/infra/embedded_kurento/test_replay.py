"""Every request that a real Kurento 7.3.0 was recorded to get, sent to the embedded server.

Requests go one by one, recorded ids replaced by those that the server gave. Compared are answers
(shape, order, codes and messages word by word, descriptions line by line) and events (types, order,
shape). No browser takes part: what cannot come without one is listed in `NEED_A_BROWSER`. What is
about a type that the server does not have is left out.

The order of one endpoint's candidates differs from recording to recording (Kurento finds them in
threads); ours is the most frequent one, see webrtc/test_candidates.py.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from infra.embedded_kurento.server import Server

Client = Any
Connect = Callable[[], Awaitable[Client]]

TRANSCRIPTS = Path(__file__).parents[2] / "data" / "kurento"

NEED_A_BROWSER = {  # event types, some of them in one state only
    "NewCandidatePairSelected",
    "ConnectionStateChanged",
    "MediaStateChanged",
    "MediaFlowInStateChanged",
    "MediaFlowOutStateChanged",
    "MediaTranscodingStateChanged",
    "IceComponentStateChanged CONNECTED",
    "IceComponentStateChanged READY",
    "Recording",
    "Paused",
    "EndOfStream",
    "UriEndpointStateChanged STOP",
}

SAME_VALUE = re.compile(
    r"get(Max|Min)(Video|Audio)(Send|Recv)Bandwidth|get(Max|Min)?EncoderBitrate|getRembParams"
    r"|getName|get(Sink|Source)Connections|getPipelines"
)
"""Operations whose answer is compared by value, not only by shape."""

NEED_MEDIA = {"getICECandidatePairs", "getStats", "getVideoInfo"}
"""Operations whose answer has entries only when media flows; entries are compared if there are."""


class Replay:
    """One transcript's way through the server. `ids` maps recorded ids to ours."""

    def __init__(self, lines: list[list[Any]], covered: set[str]) -> None:
        self.lines = lines
        self.covered = covered
        self.ids: dict[str, str] = {}
        self.left_out: set[str] = set()
        self.compared = 0

    def answers(self) -> Iterator[tuple[Any, dict[str, Any]]]:
        """Each request (or raw text) with the answer it got."""
        recorded = {
            message["id"]: message
            for _, direction, message in self.lines
            if direction == "<-" and message.get("id") is not None
        }
        for index, (_, direction, message) in enumerate(self.lines):
            if direction == "->":
                yield message, recorded[message["id"]]
            elif direction == "-> raw":
                yield message, self.lines[index + 1][2]
            elif direction == "--":
                yield None, {}

    def ours(self, value: Any) -> Any:
        """A recorded value with our ids in it."""
        if isinstance(value, str):
            for recorded in sorted(self.ids, key=len, reverse=True):
                value = value.replace(recorded, self.ids[recorded])
            return value
        if isinstance(value, list):
            return [self.ours(each) for each in value]
        if isinstance(value, dict):
            return {key: self.ours(each) for key, each in value.items()}
        return value

    def uncovered(self, request: dict[str, Any]) -> bool:
        """Whether a request is about a type this server does not have."""
        params = request.get("params", {})
        if request["method"] == "create" and params["type"] not in {*self.covered, "NoSuch"}:
            return True
        return any(left_out in json.dumps(params) for left_out in self.left_out)

    def learn(self, request: Any, recorded: dict[str, Any], answer: dict[str, Any]) -> None:
        """Remember which of our ids stands for which recorded one."""
        was, now = recorded.get("result") or {}, answer.get("result") or {}
        for key in ("sessionId", "serverId"):
            if isinstance(was.get(key), str):
                self.ids.setdefault(was[key], now[key])
        if isinstance(request, dict) and request["method"] in {"create", "subscribe"} and was:
            self.ids.setdefault(was["value"], now["value"])


@pytest.mark.parametrize(
    "name", sorted(path.stem for path in TRANSCRIPTS.glob("*.jsonl")), ids=lambda name: name
)
async def test_a_recorded_client_gets_what_it_was_recorded_to_get(
    name: str, connect: Connect, server: Server, tmp_path: Path
) -> None:
    text = (TRANSCRIPTS / f"{name}.jsonl").read_text(encoding="utf-8")
    replay = Replay([json.loads(line) for line in text.splitlines()], set(server.types))
    replay.ids["file:///tmp/"] = f"{tmp_path.as_uri()}/"
    client = await connect()
    clients = [client]
    server.sessions.grace_s = 60.0

    for request, recorded in replay.answers():
        if request is None:
            await client.socket.close()
            client = await connect()
            clients.append(client)
            continue
        if isinstance(request, dict) and replay.uncovered(request):
            if request["method"] == "create":
                replay.left_out.add(recorded["result"]["value"])
            continue
        answer = await client.answer_to(replay.ours(request))
        compare(replay, request, recorded, answer)
        replay.learn(request, recorded, answer)
        replay.compared += 1

    events = [event for each in clients for event in each.events]
    recorded_events = [
        message["params"]["value"]
        for _, direction, message in replay.lines
        if direction == "<-" and message.get("method") == "onEvent"
    ]
    compare_events(replay, recorded_events, events)
    assert replay.compared > 10


def compare(replay: Replay, request: Any, recorded: dict[str, Any], answer: dict[str, Any]) -> None:
    """An answer against the recorded one."""
    if "error" in recorded or "error" in answer:
        assert without_ids(answer) == without_ids(replay.ours(recorded)), request
        return
    assert answer["id"] == recorded["id"]
    operation = request["params"].get("operation", "")
    if operation in {"processOffer", "generateOffer"}:
        assert described(answer["result"]["value"]) == described(recorded["result"]["value"])
    elif operation in NEED_MEDIA:
        compare_entries(recorded["result"]["value"], answer["result"]["value"], operation)
    elif SAME_VALUE.fullmatch(operation):
        assert answer["result"] == {
            **replay.ours(recorded["result"]),
            "sessionId": answer["result"]["sessionId"],
        }
    else:
        assert fits(shape(answer), shape(recorded)), request


def compare_entries(recorded: Any, ours: Any, operation: str) -> None:
    """Each complex value of ours has the shape of a recorded one of its type."""
    shapes = {each["__type__"]: shape(each) for each in entries_of(recorded)}
    for entry in entries_of(ours):
        assert shape(entry) == shapes[entry["__type__"]], operation
    if operation == "getStats":
        assert {each["__type__"] for each in entries_of(ours)} == set(shapes)


def entries_of(value: Any) -> list[dict[str, Any]]:
    """Stats by id, a list, or one value alone."""
    if isinstance(value, dict):
        return [value] if "__type__" in value else list(value.values())
    return value or []


def compare_events(
    replay: Replay, recorded: list[dict[str, Any]], ours: list[dict[str, Any]]
) -> None:
    """Per object and type the same events in the same order, of the same shape."""
    sequences: dict[tuple[str, str], list[str]] = {}
    for event in recorded:
        if event["object"] in replay.ids and not needs_a_browser(event):
            key = (replay.ids[event["object"]], event["type"])
            sequences.setdefault(key, []).append(detail(event))
    own: dict[tuple[str, str], list[str]] = {}
    for event in ours:
        own.setdefault((event["object"], event["type"]), []).append(detail(event))
    assert in_order(own) == in_order(sequences)
    shapes = {event["type"]: shape(event) for event in recorded}
    for event in ours:
        assert shape(event) == shapes[event["type"]]
    for target in {event["object"] for event in ours}:
        order = [event["type"] for event in ours if event["object"] == target]
        if "IceGatheringDone" in order:
            assert order.index("IceGatheringDone") > order.index("IceCandidateFound") + 10


def in_order(sequences: dict[tuple[str, str], list[str]]) -> dict[tuple[str, str], list[str]]:
    return {
        key: sorted(details) if key[1] == "IceCandidateFound" else details
        for key, details in sequences.items()
    }


def needs_a_browser(event: dict[str, Any]) -> bool:
    state = event["data"].get("state", "")
    return bool({event["type"], f"{event['type']} {state}"} & NEED_A_BROWSER)


def detail(event: dict[str, Any]) -> str:
    """What is compared of an event: its state, or its candidate without the port."""
    data = event["data"]
    if "candidate" in data:
        line = re.sub(r"(127\.0\.0\.1) (?!9 )\d+", r"\1 PORT", data["candidate"]["candidate"])
        return f"{line} {data['candidate']['sdpMid']} {data['candidate']['sdpMLineIndex']}"
    return f"{data.get('state', '')} {data.get('componentId', '')}"


def described(sdp: str) -> list[str]:
    """A description's lines without what differs from one endpoint to the next."""
    sdp = re.sub(r"(?m)^o=- \d+ \d+ ", "o=- N N ", sdp)
    sdp = re.sub(r"a=ssrc:\d+ cname:user\d+@host-[0-9a-f]+", "a=ssrc:SSRC cname:CNAME", sdp)
    sdp = re.sub(r"a=ice-ufrag:[\w+/]{4}\r", "a=ice-ufrag:U\r", sdp)
    sdp = re.sub(r"a=ice-pwd:[\w+/]{22}\r", "a=ice-pwd:P\r", sdp)
    sdp = re.sub(r"a=fingerprint:sha-256 ([0-9A-F]{2}:){31}[0-9A-F]{2}", "a=fingerprint:F", sdp)
    return sdp.split("\r\n")


def without_ids(answer: dict[str, Any]) -> dict[str, Any]:
    text = json.dumps(answer, sort_keys=True)
    text = re.sub(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", "ID", text)
    loaded: dict[str, Any] = json.loads(text)
    return loaded


def fits(ours: Any, recorded: Any) -> bool:
    """Whether two shapes are the same; an empty list fits any list."""
    if isinstance(ours, list) and isinstance(recorded, list):
        return not ours or not recorded or fits(ours[0], recorded[0])
    if isinstance(ours, dict) and isinstance(recorded, dict):
        return ours.keys() == recorded.keys() and all(
            fits(ours[key], recorded[key]) for key in ours
        )
    return bool(ours == recorded)


def shape(value: Any) -> Any:
    """Names and types, without values; of a list, the distinct shapes of what is in it."""
    if isinstance(value, dict):
        return {key: shape(each) for key, each in sorted(value.items())}
    if isinstance(value, list):
        shapes = sorted({json.dumps(shape(each)) for each in value})
        return [json.loads(each) for each in shapes]
    return type(value).__name__
