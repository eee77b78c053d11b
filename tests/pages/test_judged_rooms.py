"""Rooms whose members are connected to each other, as `farm run` judges them: healthy and not."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.farm_process import farm
from tests.pages.room_pages import ROOM_DRIVER, room_pages
from tests.pages.serving import switched

pytestmark = pytest.mark.live

# Detectors of a busy machine are off: it is the tests' machine, and not what is asked here.
ROOM = """
format: 1
scenario: {{kind: group, members: 3, media: forwarded}}
app: {{url: "{url}", driver: {driver}}}
server: {{kurento: null}}
media: {{size: 320x240, frame_rate: {frame_rate}}}
trial: {{load: 3, settle: 2s, hold: 20s, window: 5s}}
invalid: {{host_cpu: 1, thread_cpu: 1, steal: 1, late_polls: 1, udp_drops: 1000000,
  memory_available: 0}}
"""


def judged(folder: Path, *, frame_rate: int = 10, **switches: object) -> dict[str, Any]:
    """The result of a trial of one room."""
    with room_pages() as url:
        text = ROOM.format(url=switched(url, **switches), driver=ROOM_DRIVER, frame_rate=frame_rate)
        with farm(folder, "run", "--absolute", experiment=text) as run:
            run.wait()
            result: dict[str, Any] = run.result()
    return result


def reasons(result: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Whose streams failed, which, and whom they are from."""
    return {
        (reason["probe"], reason["stream"], reason["sender"])
        for reason in result["verdict"]["reasons"]
    }


@pytest.mark.parametrize(
    "switches",
    [
        {},
        {"simulcast": 1, "unused": 1},
        {"fps": 15, "extra": "p001@6", "mute": "p002:audio@8"},
        {"camera_off": "p001@8"},
        {"screen": "p001@8", "layer": "p002@10"},
        {"renegotiate": "p001>p000:move@8", "unused": 1},
        {"renegotiate": "p001>p000:replace@8"},
        {"renegotiate": "p001>p000:restart@8"},
    ],
    ids=str,
)
def test_a_healthy_room_passes(tmp_path: Path, switches: dict[str, object]) -> None:
    result = judged(tmp_path, frame_rate=20 if "fps" in switches else 10, **switches)
    assert result["verdict"]["outcome"] == "pass", result["verdict"]


@pytest.mark.parametrize(
    "switches",
    [
        {"withhold": "p001>p000:video"},
        {"stop": "p001>p000:video@10", "renegotiate": "p002>p000:move@6"},
        {"slow": "p001>p000:3"},
    ],
    ids=str,
)
def test_one_stream_that_is_owed_and_spoilt_fails_and_is_named(
    tmp_path: Path, switches: dict[str, object]
) -> None:
    result = judged(tmp_path, **switches)
    assert result["verdict"]["outcome"] == "fail", result["verdict"]
    assert ("p000", "inbound video", "p001") in reasons(result), result["verdict"]
