"""Layers on a real SFU: what is measured of them equals what the pages set and asked for."""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

import pytest

from farm.evidence import trial_evidence
from farm.model.trial_evidence import TrialEvidence
from farm.recording.reader import RunReader
from farm.recording.trial_reader import TrialReader
from farm.testing import FakeObserver
from tests.pages.serving import switched
from tests.sfu.video_room import VIDEO_ROOM_DRIVER, video_room
from tests.trial_of import trial_of

pytestmark = [pytest.mark.live, pytest.mark.measures]

SIZES = {"h": (1280, 720), "m": (640, 360), "l": (320, 180)}
CAPS = {"h": 500_000, "m": 200_000, "l": 80_000}
"""As video_room/layers.js sets them."""

SEEN_WITHIN_S = 2.0

# Detectors of a busy machine are off: it is the tests' machine, and not what is asked here.
ROOM = """
format: 1
scenario: {{kind: group, members: 2, media: forwarded}}
app: {{url: "{url}", driver: {driver}}}
server: {{kurento: null}}
media: {{size: 1280x720, frame_rate: 20}}
trial: {{settle: 2s, hold: 30s, window: 5s}}
invalid: {{waited_for_cpu: 60s, other_programs: 1, thread_cpu: 1, steal: 1, late_polls: 1,
  udp_drops: 1000000, memory_available: 0, capture_of_asked: 0}}
"""


def measured(folder: Path, **switches: object) -> tuple[TrialReader, TrialEvidence]:
    """A trial of a room of two, and its evidence."""
    with video_room(folder) as sfu:
        url = switched(sfu.app_url, **switches)
        text = ROOM.format(url=url, driver=VIDEO_ROOM_DRIVER)
        run, _ = asyncio.run(trial_of(text, folder, FakeObserver(), load=2))
    (trial,) = RunReader.open(run).trials
    return trial, trial_evidence(trial, window_s=5.0, poll_s=1.0)


def asked(trial: TrialReader) -> list[tuple[float, str]]:
    """When p000's page asked the server for which layer, as its console says."""
    said = [
        (seen.run_s, re.search(r"asked for layer (\w+)", seen.event.message))
        for seen in trial.events
        if seen.event.kind == "console" and seen.event.probe == "p000"
    ]
    return [(at_s, found[1]) for at_s, found in said if found is not None and at_s is not None]


def switches(evidence: TrialEvidence) -> list[tuple[float, str]]:
    """When p000 was given which layer of p001's video, from the second span on."""
    mine = [each for each in evidence.received_layers if each.probe == "p000"]
    assert {each.sender for each in mine} == {"p001"}
    return [(each.begin_s, each.layer) for each in mine][1:]


def test_simulcast_layers_are_those_that_the_page_set_and_each_switch_is_seen(
    tmp_path: Path,
) -> None:
    layer = "p001>p000:m@8,p001>p000:l@12,p001>p000:h@16,p001>p000:hT0@20"
    trial, evidence = measured(tmp_path, simulcast="h,m,l", caps=1, layer=layer)
    of_p001 = [each for each in evidence.layers if each.probe == "p001"]
    assert {each.codec for each in of_p001} == {"VP8"}
    for rid, size in SIZES.items():
        windows = [each for each in of_p001 if each.rid == rid]
        assert {(each.frame_width, each.frame_height) for each in windows} == {size}
        # The target is what the encoder was allowed; a busy machine's encoder may be beyond it.
        for name, within in (("target_bitrate_bps", 0.05), ("bitrate_bps", 0.3)):
            rates = [getattr(each, name) or 0.0 for each in windows]
            assert sum(rates) / len(rates) == pytest.approx(CAPS[rid], rel=within), name
    settings = {each.rid: each for each in evidence.encodings if each.probe == "p001"}
    assert {rid: each.max_bitrate_bps for rid, each in settings.items()} == CAPS
    scales = {rid: each.scale_resolution_down_by for rid, each in settings.items()}
    assert scales == {"h": 1, "m": 2, "l": 4}
    seen = switches(evidence)
    assert [name for _, name in asked(trial)] == ["m", "l", "h", "hT0"]
    assert [name for _, name in seen] == ["m", "l", "h", "h T0"]
    for (seen_s, name), (asked_s, _) in zip(seen, asked(trial), strict=True):
        assert 0 <= seen_s - asked_s <= SEEN_WITHIN_S, name


def test_a_layer_that_the_page_paused_is_named_so(tmp_path: Path) -> None:
    _, evidence = measured(tmp_path, simulcast="m,l", caps=1)
    paused = [each for each in evidence.layers if each.rid == "h"]
    assert paused
    assert {each.bitrate_bps for each in paused} == {0.0}
    assert {each.inactive_ratio for each in paused} == {1.0}
    others = [each.inactive_ratio for each in evidence.layers if each.rid != "h"]
    assert set(others) == {0.0}
    given = {each.layer for each in evidence.received_layers}
    assert "m" in given <= {"m", "l"}  # Janus falls to a lower one where one is silent for 250 ms
