"""The recording compared with a capture of the packets of the same run."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from statistics import median

import polars as pl
import pytest

from farm.recording.reader import RunReader
from tests.farm_process import farm
from tests.packets import StreamCapture

pytestmark = [pytest.mark.live, pytest.mark.measures]

CALL = """
format: 1
scenario: one_to_one
media: {size: 320x240, frame_rate: 15}
trial: {load: 2, settle: 3s, hold: 10s, window: 5s}
"""
TOGETHER = 5
TAG_BYTES = {"HMAC_SHA1_80": 10, "HMAC_SHA1_32": 4, "GCM": 16}  # RFC 3711, RFC 7714


def test_counters_equal_the_packets_that_crossed_the_wire(tmp_path: Path) -> None:
    with StreamCapture() as capture, farm(tmp_path, "run", "--absolute", experiment=CALL) as run:
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
    streams = [*_reports(sent, "Sent"), *_reports(received, "Received")]
    assert len(streams) == 8  # two probes, audio and video, both ways
    for ssrc, reports in streams:
        seen = [capture.streams[ssrc].until(report.at_s) for report in reports]
        # Packets may be on their way at the instant of a poll, so some polls are taken together.
        ahead = [report.packets - there for report, (there, _) in zip(reports, seen, strict=True)]
        assert len(ahead) > 2 * TOGETHER
        assert median(ahead[-TOGETHER:]) == pytest.approx(median(ahead[:TOGETHER]), abs=2), ssrc
        first, last = reports[0], reports[-1]
        octets = last.octets - first.octets + tag * (last.packets - first.packets)
        assert octets == pytest.approx(seen[-1][1] - seen[0][1], rel=0.01), ssrc


@dataclass(frozen=True, slots=True)
class Report:
    """The counters of a page at that time, RTP headers included."""

    at_s: float
    packets: int
    octets: float


def _reports(frame: pl.DataFrame, way: str) -> list[tuple[int, list[Report]]]:
    """The reports of each stream by time, with its SSRC."""
    return [
        (
            rows["ssrc"][0],
            [
                Report(
                    row["timestamp"] / 1000,
                    row[f"packets{way}"],
                    row[f"bytes{way}"] + row[f"headerBytes{way}"],
                )
                for row in rows.iter_rows(named=True)
            ],
        )
        for _, rows in frame.sort("timestamp").group_by("probe", "ssrc")
    ]
