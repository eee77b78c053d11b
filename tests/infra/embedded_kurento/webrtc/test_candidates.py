"""Candidates in Kurento's words."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from infra.embedded_kurento.webrtc.candidates import announced, local_candidate, parse_candidate

LOOPBACK = Path(__file__).parents[3] / "data" / "kurento" / "loopback.jsonl"


def test_an_address_is_announced_as_it_was_recorded() -> None:
    lines = [json.loads(line)[2] for line in LOOPBACK.read_text(encoding="utf-8").splitlines()]
    events = [each["params"]["value"] for each in lines if each.get("method") == "onEvent"]
    recorded = [
        event["data"]["candidate"]["candidate"]
        for event in events
        if event["type"] == "IceCandidateFound" and event["data"]["candidate"]["sdpMid"] == "0"
    ]

    ours = announced([local_candidate(0, "127.0.0.1", 10179)], unserved_port=20000)

    assert [without_port(line) for line in ours] == [without_port(line) for line in recorded]
    assert ours[0] == recorded[0]


def without_port(line: str) -> str:
    return re.sub(r"(127\.0\.0\.1) (?!9 )\d+", r"\1 PORT", line)


def test_more_addresses_have_foundations_and_priorities_of_their_own() -> None:
    local = [local_candidate(0, "127.0.0.1", 1111), local_candidate(1, "::1", 2222)]

    lines = announced(local, unserved_port=20000)

    assert len(lines) == len(set(lines)) == 12
    priorities = {(line.split()[1], line.split()[3]) for line in lines}
    assert len(priorities) == 12


def test_a_browsers_candidate_is_read() -> None:
    text = (
        "candidate:3420365472 1 udp 2122260223 127.0.0.1 53719 typ host generation 0 ufrag VsCP "
        "network-id 1 network-cost 50"
    )

    candidate = parse_candidate(text)

    assert candidate is not None
    assert (candidate.address, candidate.port, candidate.type) == ("127.0.0.1", 53719, "host")
    assert str(candidate) == "candidate:3420365472 1 UDP 2122260223 127.0.0.1 53719 typ host"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "rubbish",
        "candidate:1 1 udp 1 a0b1.local 5 typ host",
        "candidate:1 x udp 1 127.0.0.1 5 typ host",
        "candidate:1 1 udp 1 127.0.0.1 5 is host",
    ],
)
def test_what_cannot_be_used_is_none(text: str) -> None:
    assert parse_candidate(text) is None
