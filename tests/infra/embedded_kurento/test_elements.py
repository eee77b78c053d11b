"""Elements joined and cut, and what they tell of the media between them."""

from __future__ import annotations

from typing import Any, ClassVar

import pytest

from infra.embedded_kurento.elements import FLOW_TIMEOUT_S, MediaElement
from infra.embedded_kurento.errors import Refusal
from infra.embedded_kurento.media import Codec, MediaKind, MediaSink, MediaSource, RtpPacket
from infra.embedded_kurento.objects import MediaObject, ObjectTree
from infra.embedded_kurento.pipeline import PassThrough

VP8 = Codec("VP8", 90000)
EVENTS = [
    "ElementConnected",
    "ElementDisconnected",
    "MediaFlowInStateChanged",
    "MediaFlowOutStateChanged",
    "MediaTranscodingStateChanged",
]


class Screen(MediaSink):
    """Takes what it is given, while it is `on`."""

    def __init__(self, limit_bps: float | None = None, decodes: bool = False) -> None:
        super().__init__(MediaKind.VIDEO, decodes)
        self.on = True
        self.seen: list[RtpPacket] = []
        self.taken_bps = limit_bps

    def push(self, packet: RtpPacket) -> bool:
        self.seen.append(packet)
        return self.on

    def limit_bps(self, now_s: float) -> float | None:
        return self.taken_bps


class Element(MediaElement):
    """One camera, one screen."""

    type_name: ClassVar[str] = "WebRtcEndpoint"

    def __init__(self, tree: ObjectTree, parent: MediaObject, name: str, screen: Screen) -> None:
        super().__init__(tree, parent, name)
        self.key_frames_asked = 0
        self.camera = MediaSource(MediaKind.VIDEO, self.ask_key_frame)
        self.screen = screen
        self.give(self.camera)
        self.take(screen)
        self.told: list[str] = []
        for event in EVENTS:
            self.subscribe(event, "session", self.hear)

    def ask_key_frame(self) -> None:
        self.key_frames_asked += 1

    def hear(self, event: dict[str, Any]) -> None:
        data = event["data"]
        words = [event["type"], data["mediaType"], data.get("state"), data.get("sink")]
        self.told.append(" ".join(word for word in words if word))


class Pipeline(MediaObject):
    type_name: ClassVar[str] = "MediaPipeline"


class Room:
    """A tree with a parent for elements."""

    def __init__(self) -> None:
        self.tree = ObjectTree()
        self.parent = Pipeline(self.tree, None, "pipeline")
        self.tree.add(self.parent, "session")

    def element(self, name: str, screen: Screen | None = None) -> Element:
        element = Element(self.tree, self.parent, name, screen or Screen())
        self.tree.add(element, "session")
        return element


def packet(at_s: float, sequence: int = 1) -> RtpPacket:
    return RtpPacket(VP8, 1, sequence, 0, True, b"\x10\x00", at_s)


def test_connected_elements_pass_media_on() -> None:
    room = Room()
    a, b, c = room.element("a"), room.element("b"), room.element("c")

    a.connect(b)
    a.connect(c, "VIDEO")
    a.camera.push(packet(1.0))

    assert [each.sequence for each in b.screen.seen] == [1]
    assert [each.sequence for each in c.screen.seen] == [1]
    assert a.key_frames_asked == 2, "each new sink needs one"
    assert a.told[:3] == [
        "ElementConnected DATA b",
        "ElementConnected VIDEO b",
        "ElementConnected VIDEO c",
    ]


def test_a_sink_has_one_source() -> None:
    room = Room()
    a, b, c = room.element("a"), room.element("b"), room.element("c")
    a.connect(c, "VIDEO")

    b.connect(c, "VIDEO")
    a.camera.push(packet(1.0))

    assert c.screen.seen == []
    assert a.told[:2] == ["ElementConnected VIDEO c", "ElementDisconnected VIDEO c"]
    (connection,) = c.get_source_connections()
    assert (connection["source"], connection["sink"], connection["type"]) == ("b", "c", "VIDEO")
    assert a.get_sink_connections() == []


def test_one_kind_is_cut_alone() -> None:
    room = Room()
    a, b = room.element("a"), room.element("b")
    a.connect(b)

    a.disconnect(b, "VIDEO")

    assert [each["type"] for each in a.get_sink_connections()] == ["DATA"]
    a.disconnect(b)
    a.disconnect(b)
    assert a.get_sink_connections() == b.get_source_connections() == []


def test_connecting_again_changes_nothing() -> None:
    room = Room()
    a, b = room.element("a"), room.element("b")
    a.connect(b, "VIDEO")
    a.connect(b, "VIDEO")

    assert len(a.get_sink_connections()) == 1
    a.camera.push(packet(1.0))
    assert len(b.screen.seen) == 1


def test_an_element_may_see_itself() -> None:
    a = Room().element("a")

    a.connect(a, "VIDEO")
    a.camera.push(packet(1.0))

    assert len(a.screen.seen) == 1
    assert len(a.get_sink_connections()) == len(a.get_source_connections()) == 1
    a.disconnect(a)
    assert a.connections == []


def test_flow_is_told_when_it_starts_and_when_it_stops() -> None:
    room = Room()
    a, b = room.element("a"), room.element("b")
    a.connect(b, "VIDEO")
    b.screen.on = False
    a.camera.push(packet(1.0))
    b.screen.on = True
    a.camera.push(packet(1.1))
    a.camera.push(packet(1.2))

    assert a.told[1:] == [
        "MediaFlowOutStateChanged VIDEO FLOWING",
        "MediaTranscodingStateChanged VIDEO NOT_TRANSCODING",
    ]
    assert b.told == ["MediaFlowInStateChanged VIDEO FLOWING"]
    assert a.is_media_flowing_out("VIDEO")
    assert b.is_media_flowing_in("VIDEO")
    assert not a.is_media_flowing_in("VIDEO")

    for element in (a, b):
        element.look_at_flow(1.2 + FLOW_TIMEOUT_S)
        assert len(element.told) == {"a": 3, "b": 1}[element.id]
        element.look_at_flow(1.3 + FLOW_TIMEOUT_S)
    assert a.told[-1] == "MediaFlowOutStateChanged VIDEO NOT_FLOWING"
    assert b.told[-1] == "MediaFlowInStateChanged VIDEO NOT_FLOWING"


def test_who_decodes_makes_its_source_transcode() -> None:
    room = Room()
    a, b = room.element("a"), room.element("b", Screen(decodes=True))
    a.connect(b, "VIDEO")

    a.camera.push(packet(1.0))

    assert a.told[-1] == "MediaTranscodingStateChanged VIDEO TRANSCODING"
    assert a.is_media_transcoding("VIDEO")


def test_the_slowest_receiver_sets_the_rate() -> None:
    room = Room()
    a = room.element("a")
    assert a.camera.limit_bps(0.0) is None

    for name, limit_bps in (("b", 500_000.0), ("c", None), ("d", 160_000.0)):
        a.connect(room.element(name, Screen(limit_bps)), "VIDEO")

    assert a.camera.limit_bps(0.0) == 160_000


async def test_a_released_element_lets_go_of_its_neighbours() -> None:
    room = Room()
    a, b, c = room.element("a"), room.element("b"), room.element("c")
    a.connect(b)
    b.connect(c)

    await room.tree.release("b")
    a.camera.push(packet(1.0))

    assert b.screen.seen == []
    assert a.connections == c.connections == []
    with pytest.raises(Refusal):
        room.tree.find("b")


def test_other_descriptions_than_default_are_refused() -> None:
    room = Room()
    a, b = room.element("a"), room.element("b")

    with pytest.raises(Refusal) as refused:
        a.connect(b, "VIDEO", "second")

    assert refused.value.code == 40111


def test_a_pass_through_passes_media_wishes_and_limits() -> None:
    room = Room()
    a, b = room.element("a"), room.element("b", Screen(limit_bps=200_000.0))
    middle = PassThrough(room.tree, room.parent, "middle")
    a.connect(middle)
    middle.connect(b)
    asked = a.key_frames_asked

    a.camera.push(packet(1.0))
    middle.sources[MediaKind.VIDEO].request_key_frame()

    assert len(b.screen.seen) == 1
    assert a.key_frames_asked == asked + 1
    assert a.camera.limit_bps(0.0) == 200_000
