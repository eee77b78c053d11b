"""Rooms whose members are connected to each other, as `farm run` judges them: healthy and not."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.pages.judged import SLOW_CAMERAS, judged, named
from tests.pages.room_pages import ROOM_DRIVER, room_pages
from tests.pages.serving import switched

pytestmark = pytest.mark.live


@pytest.mark.measures
@pytest.mark.parametrize(
    "switches",
    [
        {
            "simulcast": 1,
            "unused": 1,
            "renegotiate": "p001>p000:replace@8",
            "camera_off": "p002@8",
        },
        {
            "fps": 15,
            "extra": "p001@6",
            "mute": "p002:audio@8",
            "screen": "p001@8",
            "layer": "p002@10",
            "renegotiate": "p001>p000:restart@8",
        },
        {"renegotiate": "p001>p000:move@8", "unused": 1},
    ],
    ids=str,
)
def test_a_healthy_room_passes(tmp_path: Path, switches: dict[str, object]) -> None:
    with room_pages() as url:
        frame_rate = 20 if "fps" in switches else 10
        verdict = judged(tmp_path, switched(url, **switches), ROOM_DRIVER, frame_rate=frame_rate)
    assert verdict["outcome"] == "pass", verdict


@pytest.mark.parametrize(
    "switches",
    [
        {"withhold": "p001>p000:video"},
        {"stop": "p001>p000:video@10", "renegotiate": "p002>p000:move@6"},
        {"slow": "p001>p000:3"},
    ],
    ids=str,
)
def test_one_owed_stream_that_is_spoilt_fails_and_is_named(
    tmp_path: Path, switches: dict[str, object]
) -> None:
    with room_pages() as url:
        verdict = judged(tmp_path, switched(url, **switches), ROOM_DRIVER, invalid=SLOW_CAMERAS)
    assert verdict["outcome"] == "fail", verdict
    assert ("p000", "inbound video", "p001") in named(verdict), verdict


def test_a_member_that_leaves_fails_the_room_and_is_said_to_have_left(tmp_path: Path) -> None:
    with room_pages() as url:
        verdict = judged(
            tmp_path, switched(url, leave="p001@10"), ROOM_DRIVER, invalid=SLOW_CAMERAS
        )
    assert verdict["outcome"] == "fail", verdict
    (left,) = (each for each in verdict["reasons"] if each["code"] == "left")
    assert left["probe"] == "p001"
    assert "its page closed its own connections" in left["message"]


@pytest.mark.measures
def test_of_a_room_that_nobody_described_it_is_said_what_was_assumed_and_seen(
    tmp_path: Path,
) -> None:
    with room_pages() as url:
        verdict = judged(tmp_path, url, ROOM_DRIVER, scenario="")
    assert verdict["outcome"] == "pass", verdict
    assert (
        "scenario.media is not set: rooms were assumed to be forwarded; "
        "each member received 2 videos and 2 audios; owed 2 and 2"
    ) in verdict["notes"]
