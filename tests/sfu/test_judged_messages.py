"""Messages of data channels on a real SFU: healthy, withheld by the server, stopped by a page."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from farm.evidence import trial_evidence
from farm.model.trial_evidence import TrialEvidence
from farm.recording.reader import RunReader
from farm.testing import FakeObserver
from reports.series.data_channels import ChannelFigures, channel_figures
from tests.pages.serving import switched
from tests.sfu.video_room import VIDEO_ROOM_DRIVER, video_room
from tests.trial_of import trial_of

pytestmark = [pytest.mark.live, pytest.mark.measures]

RATE = 10
"""Questions a second that each member sends, besides its answers."""

# Detectors of a busy machine are off: it is the tests' machine, and not what is asked here.
ROOM = """
format: 1
scenario: {{kind: group, members: 2, media: forwarded, data: true}}
app: {{url: "{url}", driver: {driver}}}
server: {{kurento: null}}
media: {{size: 320x240, frame_rate: 10}}
trial: {{settle: 2s, hold: 20s, window: 5s}}
invalid: {{waited_for_cpu: 60s, other_programs: 1, thread_cpu: 1, steal: 1, late_polls: 1,
  udp_drops: 1000000, memory_available: 0, capture_of_asked: 0}}
"""


def judged(folder: Path, **switches: object) -> tuple[list[dict[str, Any]], TrialEvidence]:
    """The verdict's reasons about messages, and the evidence; a busy machine's videos may fail."""
    with video_room(folder) as sfu:
        url = switched(sfu.app_url, data=RATE, **switches)
        text = ROOM.format(url=url, driver=VIDEO_ROOM_DRIVER)
        run, _ = asyncio.run(trial_of(text, folder, FakeObserver(), load=2))
    (result,) = run.glob("trials/*/result.json")
    (trial,) = RunReader.open(run).trials
    evidence = trial_evidence(trial, window_s=5.0, poll_s=1.0)
    reasons = json.loads(result.read_text())["verdict"]["reasons"]
    return [each for each in reasons if str(each["stream"]).endswith(" data")], evidence


def channels(evidence: TrialEvidence) -> dict[tuple[str, str], ChannelFigures]:
    """By probe and label: Janus labels what it forwards with its sender's name."""
    return {(each.probe, each.label): each for each in channel_figures(evidence)}


def test_messages_that_the_server_forwards_pass_and_are_counted(tmp_path: Path) -> None:
    reasons, evidence = judged(tmp_path)
    assert reasons == []
    of = channels(evidence)
    for probe, other in (("p000", "p001"), ("p001", "p000")):
        chat, from_other = of[probe, "chat"], of[probe, other]
        # Each asks RATE times a second, and answers what the other asks.
        assert chat.messages_sent_per_s == pytest.approx(2 * RATE, rel=0.1)
        assert from_other.messages_received_per_s == pytest.approx(2 * RATE, rel=0.1)
        assert from_other.missing is not None
        assert from_other.missing <= 2 * 2 * RATE, "no more than is under way"
        assert chat.round_trip_time_s is not None
        assert 0 < chat.round_trip_time_s < 2


def test_messages_that_the_server_withholds_fail_and_name_their_sender(tmp_path: Path) -> None:
    (reason,), _ = judged(tmp_path, withhold="p001>p000:data")
    assert (reason["code"], reason["probe"]) == ("data", "p000")
    assert (reason["stream"], reason["sender"]) == ("inbound data", "p001")


def test_a_page_that_sends_no_more_or_closes_its_channel_is_named_itself(tmp_path: Path) -> None:
    (reason,), _ = judged(tmp_path, shut="p001@8")
    assert (reason["probe"], reason["stream"]) == ("p001", "outbound data")
    assert "data channel 'chat' was closed by its page" in reason["message"]
