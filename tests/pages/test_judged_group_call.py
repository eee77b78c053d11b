"""Rooms of Kurento's tutorial group-call, its cameras at 15 frames/s, as `farm run` judges them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.pages.group_call_pages import group_call
from tests.pages.judged import SLOW_CAMERAS, judged, named
from tests.pages.serving import switched

pytestmark = pytest.mark.live


def verdict_on(folder: Path, *, invalid: str = "", **switches: str) -> dict[str, Any]:
    with group_call() as call:
        return judged(
            folder,
            switched(call.app_url, **switches),
            "kurento_group_call",
            scenario="",
            server=f'{{kurento: "{call.kurento_url}"}}',
            frame_rate=20,
            invalid=invalid,
        )


@pytest.mark.measures
def test_a_healthy_room_passes(tmp_path: Path) -> None:
    verdict = verdict_on(tmp_path)
    assert verdict["outcome"] == "pass", verdict
    assert named(verdict) == set()


@pytest.mark.parametrize(
    ("switches", "wrong"),
    [
        ({"withhold": "p001>p000:video"}, ("p000", "inbound video", "p001")),
        ({"stop": "p002>p001:audio@10"}, ("p001", "inbound audio", "p002")),
    ],
    ids=str,
)
def test_whom_the_server_withholds_a_stream_from_is_named(
    tmp_path: Path, switches: dict[str, str], wrong: tuple[str, str, str]
) -> None:
    verdict = verdict_on(tmp_path, invalid=SLOW_CAMERAS, **switches)
    assert verdict["outcome"] == "fail", verdict
    assert wrong in named(verdict), verdict
