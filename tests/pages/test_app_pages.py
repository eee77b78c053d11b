"""Drivers of other people's apps on copies of their pages: all probes join, and leave."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from farm.recording.reader import RunReader
from farm.testing import FakeObserver
from tests.pages.app_pages import app_page
from tests.trial_of import trial_of

pytestmark = pytest.mark.live

# Detectors of a busy machine are off: it is the tests' machine, and not what is asked here.
TRIAL = """
format: 1
scenario: {scenario}
app: {{url: "{url}", driver: {driver}{more}}}
server: {{kurento: null}}
media: {{size: 160x120, frame_rate: 10}}
trial: {{settle: 1s, hold: 4s, window: 2s}}
invalid: {{waited_for_cpu: 60s, other_programs: 1, thread_cpu: 1, steal: 1, late_polls: 1,
  udp_drops: 1000000, memory_available: 0, capture_of_asked: 0}}
"""

LEAVE_BY_THEMSELVES = ("livekit_demo", "jitsi_meet", "openvidu_js", "ant_media", "galene")
"""Those of mediasoup leave when their page is closed, as its app has no button for it."""


@pytest.mark.parametrize(
    ("name", "scenario", "load"),
    [
        ("livekit_demo", "{kind: group, members: 3}", 3),
        ("mediasoup_demo", "{kind: group, members: 3}", 3),
        ("jitsi_meet", "{kind: group, members: 3}", 3),
        ("openvidu_js", "{kind: group, members: 3}", 3),
        ("galene", "{kind: group, members: 3}", 3),
        ("ant_media", "broadcast", 3),
    ],
)
def test_every_probe_joins_and_leaves(tmp_path: Path, name: str, scenario: str, load: int) -> None:
    (tmp_path / "users.csv").write_text("token\n" + "".join(f"s000/p{at:03d}\n" for at in range(3)))
    more = ", data: users.csv" if name == "livekit_demo" else ""
    with app_page(name) as page:
        text = TRIAL.format(scenario=scenario, url=page.url, driver=name, more=more)
        run, _ = asyncio.run(trial_of(text, tmp_path, FakeObserver(), load=load))
        there = set(page.rooms["s000"])
        visited = set(page.visited["s000"])
    assert visited == ({"publisher"} if name == "ant_media" else {"p000", "p001", "p002"})
    joins = RunReader.open(run).trial(0).joins
    assert [each.message for each in joins if not each.joined] == []
    assert {each.probe for each in joins} == {"p000", "p001", "p002"}
    if name in LEAVE_BY_THEMSELVES:
        assert there == set()


def test_phones_join_a_room_of_mediasoup(tmp_path: Path) -> None:
    """There the page hides its sign of being connected."""
    with app_page("mediasoup_demo") as page:
        text = TRIAL.format(
            scenario="{kind: group, members: 2}", url=page.url, driver="mediasoup_demo", more=""
        )
        phones = text + "probes: {device: Pixel 7}\n"
        run, _ = asyncio.run(trial_of(phones, tmp_path, FakeObserver(), load=2))
    joins = RunReader.open(run).trial(0).joins
    assert [each.message for each in joins if not each.joined] == []
    assert {each.probe for each in joins} == {"p000", "p001"}
