"""Sessions of other shapes than rooms in which all send all, as `farm run` judges them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pages.judged import SLOW_CAMERAS, judged, named
from tests.pages.room_pages import BROADCAST_DRIVER, PANEL_DRIVER, ROOM_DRIVER, room_pages
from tests.pages.serving import switched

pytestmark = [pytest.mark.live, pytest.mark.measures]

SHARED = """kind: custom, roles: {host: {sends: [audio, video, screen]},
  guest: {count: 2, sends: [audio], receives: {host: [audio, video, screen]}}}"""

PANEL = """kind: custom, roles: {host: {sends: [audio, video]},
  guest: {count: 2, sends: [audio], receives: {host: [audio, video]}}}"""

SHAPES: dict[str, tuple[str, Path, int]] = {
    "audio only": ("kind: group, members: 3, media: forwarded, audio_only: 1", ROOM_DRIVER, 3),
    "presenters": ("kind: broadcast, presenters: 2", BROADCAST_DRIVER, 4),
    "broadcasts": ("kind: broadcast, sessions: 3", BROADCAST_DRIVER, 7),
    "panel": (PANEL, PANEL_DRIVER, 3),
    "screen": (SHARED, PANEL_DRIVER, 3),
}


def verdict_on(folder: Path, shape: str, **switches: str) -> dict[str, Any]:
    scenario, driver, load = SHAPES[shape]
    with room_pages() as url:
        return judged(
            folder,
            switched(url, **switches),
            driver,
            shape=scenario,
            scenario="",
            load=load,
            invalid=SLOW_CAMERAS if switches else "",
        )


@pytest.mark.parametrize("shape", SHAPES)
def test_a_healthy_one_passes(tmp_path: Path, shape: str) -> None:
    verdict = verdict_on(tmp_path, shape)
    assert verdict["outcome"] == "pass", verdict


@pytest.mark.parametrize(
    ("shape", "withheld", "wrong"),
    [
        ("audio only", "p000>p002:video", ("p002", "inbound video", "p000")),
        ("presenters", "p001>p003:video", ("p003", "inbound video", "p001")),
        ("presenters", "p001>p000:audio", ("p000", "inbound audio", "p001")),
        ("broadcasts", "p000>p002:video", ("p002", "inbound video", "p000")),
        ("panel", "p000>p002:video", ("p002", "inbound video", "p000")),
        ("screen", "p000>p001:screen", ("p001", "inbound screen", "p000")),
        ("screen", "p000>p001:video", ("p001", "inbound video", "p000")),
    ],
)
def test_one_stream_that_is_withheld_is_named_and_nothing_else(
    tmp_path: Path, shape: str, withheld: str, wrong: tuple[str, str, str]
) -> None:
    verdict = verdict_on(tmp_path, shape, withhold=withheld)
    assert verdict["outcome"] == "fail", verdict
    assert named(verdict) == {wrong}, verdict


def test_what_a_guest_never_sends_is_missed_at_both_ends(tmp_path: Path) -> None:
    verdict = verdict_on(tmp_path, "panel", withhold="p002>p000:audio")
    assert verdict["outcome"] == "fail", verdict
    assert named(verdict) == {
        ("p000", "inbound audio", "p002"),
        ("p002", "outbound audio", None),
    }, verdict
