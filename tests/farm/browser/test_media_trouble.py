"""The message about connections without media."""

from __future__ import annotations

from dataclasses import replace

from farm.browser.media_trouble import MediaTrouble
from farm.model.page_samples import ConnectionProgress, ConnectionReport, PageReport, ProbeEvent
from farm.model.webrtc_stats import (
    CandidatePair,
    InboundRtp,
    LocalCandidate,
    RemoteCandidate,
    RtcStats,
    Transport,
)

CHECKING = ConnectionProgress("checking", "complete", True, True, 1, 1)
CONNECTED = ConnectionProgress("connected", "complete", True, True, None, None)


def tried(count: int, state: str = "failed") -> list[RtcStats]:
    here = LocalCandidate(id="L", timestamp=1, address="127.0.0.1", port=40000, protocol="udp")
    stats: list[RtcStats] = [here]
    for number in range(count):
        far = f"R{number}"
        stats.append(
            RemoteCandidate(
                id=far,
                timestamp=1,
                address=f"10.1.2.{number}",
                port=50000,
                protocol="udp",
                candidateType="host",
            )
        )
        stats.append(
            CandidatePair(
                id=f"P{number}",
                timestamp=1,
                localCandidateId="L",
                remoteCandidateId=far,
                state=state,
            )
        )
    return stats


def report(*connections: ConnectionReport) -> PageReport:
    return PageReport("p000", 1.0, 1.0, 1.0, 0.0, connections)


def connection(
    progress: ConnectionProgress | None, *stats: RtcStats, name: str = "c0", state: str = "new"
) -> ConnectionReport:
    return ConnectionReport(name, state, 0.0, (), stats, progress)


def described(*connections: ConnectionReport) -> str | None:
    trouble = MediaTrouble()
    trouble.polled(report(*connections))
    return trouble.describe()


def test_pairs_that_were_checked_are_named_with_the_usual_cause() -> None:
    failed = replace(CHECKING, ice="failed")
    assert described(connection(failed, *tried(2))) == (
        "media did not connect: connection c0: ICE failed (gathering complete, checked 2 pairs:"
        " 127.0.0.1:40000 -> 10.1.2.0:50000 udp host failed,"
        " 127.0.0.1:40000 -> 10.1.2.1:50000 udp host failed);"
        " usual cause: the server announces an address that this probe cannot reach"
    )
    many = described(connection(failed, *tried(9))) or ""
    assert (many.count("->"), "checked 9 pairs" in many, "and 5 more" in many) == (4, True, True)


def test_pairs_are_remembered_when_the_browser_has_forgotten_them() -> None:
    trouble = MediaTrouble()
    trouble.polled(report(connection(CHECKING, *tried(1, "in-progress"))))
    trouble.polled(report(connection(replace(CHECKING, ice="failed"))))
    assert "ICE failed" in (trouble.describe() or "")
    assert "10.1.2.0:50000 udp host in-progress" in (trouble.describe() or "")


def test_each_way_not_to_connect_has_words_of_its_own() -> None:
    none_remote = replace(CHECKING, ice="new", remote_candidates=0)
    assert "the server sent no candidate" in (described(connection(none_remote)) or "")
    none_local = replace(CHECKING, ice="new", local_candidates=0)
    assert "no local candidate)" in (described(connection(none_local)) or "")
    dtls = Transport(id="T", timestamp=1, dtlsState="connecting")
    assert "ICE connected, but DTLS connecting" in (described(connection(CONNECTED, dtls)) or "")
    secured = Transport(id="T", timestamp=1, dtlsState="connected")
    assert "no packet of media came" in (described(connection(CONNECTED, secured)) or "")


def test_what_is_well_not_answered_or_closed_is_no_sign() -> None:
    secured = Transport(id="T", timestamp=1, dtlsState="connected")
    came = InboundRtp(id="I", timestamp=1, packetsReceived=1)
    assert described() is None
    assert described(connection(None)) is None
    assert described(connection(CONNECTED, secured, came)) is None
    assert described(connection(replace(CONNECTED, receives=False), secured)) is None
    assert described(connection(replace(CHECKING, answered=False))) is None
    assert described(connection(CHECKING, *tried(1), state="closed")) is None


def test_of_many_connections_some_are_named_and_what_gave_no_candidate_is() -> None:
    trouble = MediaTrouble()
    stuck = [connection(CHECKING, *tried(1), name=f"c{number}") for number in range(6)]
    trouble.polled(report(*stuck))
    event = ProbeEvent("p000", "candidate_error", 1.0, "turn:x gave no candidate: 701 timed out")
    trouble.candidate_error(replace(event, data={"connection": "c0"}))
    line = trouble.describe() or ""
    assert "connection c3" in line
    assert "connection c4" not in line
    assert ", and 2 more;" in line
    assert "c0: ICE checking (gathering complete, turn:x gave no candidate: 701 timed out" in line
    assert line.count("usual cause") == 1
