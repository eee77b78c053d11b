"""Rooms on a real SFU, Janus, as `farm run` judges them: healthy, and one stream withheld."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pages.judged import judged, named
from tests.pages.serving import switched
from tests.sfu.video_room import VIDEO_ROOM_DRIVER, video_room

pytestmark = [pytest.mark.live, pytest.mark.measures]

WITHHELD: dict[str, object] = {"withhold": "p001>p003:video"}


@pytest.mark.parametrize(
    ("switches", "size"),
    [({}, "320x240"), ({"legacy": 1}, "320x240"), ({"simulcast": "m,l"}, "640x480")],
    ids=str,
)
def test_a_healthy_room_passes(tmp_path: Path, switches: dict[str, object], size: str) -> None:
    with video_room(tmp_path) as sfu:
        server = f"{{kurento: null, local: true, process: {{port: {sfu.port}}}}}"
        verdict = judged(
            tmp_path, switched(sfu.app_url, **switches), VIDEO_ROOM_DRIVER, server=server, size=size
        )
    assert verdict["outcome"] == "pass", verdict


@pytest.mark.parametrize(
    "switches",
    [
        {"withhold": "p001>p000:video"},
        {"stop": "p001>p000:video@10"},
        {"legacy": 1, "stop": "p001>p000:audio@10"},
    ],
    ids=str,
)
def test_a_stream_that_the_server_withholds_fails_and_is_named(
    tmp_path: Path, switches: dict[str, object]
) -> None:
    with video_room(tmp_path) as sfu:
        verdict = judged(tmp_path, switched(sfu.app_url, **switches), VIDEO_ROOM_DRIVER)
    kind = "audio" if "audio" in str(switches) else "video"
    assert verdict["outcome"] == "fail", verdict
    # All cameras show one clip: whose of two alike streams it is may not be known, and is said.
    senders = {sender for probe, stream, sender in named(verdict) if stream == f"inbound {kind}"}
    assert senders <= {"p001", "p001 or p002"}, verdict
    assert senders, verdict
    assert {probe for probe, _, _ in named(verdict)} == {"p000"}, verdict


@pytest.mark.parametrize(("switches", "outcome"), [({}, "pass"), (WITHHELD, "fail")], ids=str)
def test_a_broadcast_of_two_presenters_is_judged(
    tmp_path: Path, switches: dict[str, object], outcome: str
) -> None:
    with video_room(tmp_path) as sfu:
        driver = VIDEO_ROOM_DRIVER.with_name("broadcast.yaml")
        shape = "kind: broadcast, presenters: 2"
        url = switched(sfu.app_url, **switches)
        verdict = judged(tmp_path, url, driver, shape=shape, scenario="", load=4)
    assert verdict["outcome"] == outcome, verdict
    assert {probe for probe, _, _ in named(verdict)} == ({"p003"} if switches else set()), verdict


LAST_TWO = "kind: group, members: 4, media: forwarded, last_n: 2"


def of_the_last_two(folder: Path, **switches: object) -> dict[str, Any]:
    with video_room(folder) as sfu:
        url = switched(sfu.app_url, last_n=2, **switches)
        return judged(folder, url, VIDEO_ROOM_DRIVER, shape=LAST_TWO, scenario="", load=4)


def test_whose_videos_the_server_sends_may_change_where_it_sends_the_last_speakers(
    tmp_path: Path,
) -> None:
    verdict = of_the_last_two(tmp_path)
    assert verdict["outcome"] == "pass", verdict


def test_one_video_less_than_the_last_speakers_are_fails_and_is_named(tmp_path: Path) -> None:
    verdict = of_the_last_two(tmp_path, fewer="p000@6")
    assert verdict["outcome"] == "fail", verdict
    assert named(verdict) == {("p000", "inbound video", "p001 or p002 or p003")}, verdict
