"""The recording against what really crossed the wire, seen by a capture of the same run."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from farm.recording.reader import RunReader
from tests.farm_process import farm
from tests.packets import LoopbackCapture

pytestmark = pytest.mark.slow

CALL = """
format: 1
scenario: one_to_one
media: {size: 320x240, frame_rate: 15}
trial: {load: 2, settle: 3s, hold: 10s, window: 5s}
"""
TAG_BYTES = {"HMAC_SHA1_80": 10, "HMAC_SHA1_32": 4, "GCM": 16}  # RFC 3711, RFC 7714


def test_counters_equal_the_packets_that_crossed_the_wire(tmp_path: Path) -> None:
    with LoopbackCapture() as capture, farm(tmp_path, "run", "--absolute", experiment=CALL) as run:
        run.wait()
        trial = RunReader.open(run.run).trial(0)
        sent, received = trial.samples("outbound-rtp"), trial.samples("inbound-rtp")
        transports = trial.samples("transport")
        assert sent is not None
        assert received is not None
        assert transports is not None
    ciphers = set(transports["srtpCipher"].drop_nulls())
    (tag,) = {
        octets
        for cipher in ciphers  # the words before differ from one Chromium to the next
        for ending, octets in TAG_BYTES.items()
        if cipher.endswith(ending)
    }
    streams = [*_ends(sent), *_ends(received)]
    assert len(streams) == 8  # two probes, audio and video, both ways
    for first, last in streams:
        packets, octets = _counted(first, last)
        seen = capture.streams[last["ssrc"]]
        packets_before, octets_before = seen.until(first["timestamp"] / 1000)
        packets_after, octets_after = seen.until(last["timestamp"] / 1000)
        # A packet may be on its way at the instant of either poll.
        assert packets == pytest.approx(packets_after - packets_before, abs=2), last["id"]
        assert octets + tag * packets == pytest.approx(octets_after - octets_before, rel=0.01)


def _ends(frame: pl.DataFrame) -> list[tuple[dict[str, float], dict[str, float]]]:
    """The first and the last report of each stream."""
    return [
        (rows.row(0, named=True), rows.row(-1, named=True))
        for _, rows in frame.sort("timestamp").group_by("probe", "ssrc")
    ]


def _counted(first: dict[str, float], last: dict[str, float]) -> tuple[int, float]:
    way = "Sent" if "packetsSent" in last else "Received"

    def grown(name: str) -> float:
        return last[name] - first[name]

    return int(grown(f"packets{way}")), grown(f"bytes{way}") + grown(f"headerBytes{way}")
