"""Rooms of three, or other sessions, on test pages, as `farm run --absolute` judges them."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from farm.testing import FakeObserver
from tests.trial_of import trial_of

# Detectors of a busy machine are off: it is the tests' machine, and not what is asked here.
ROOM = """
format: 1
scenario: {{{shape}{scenario}}}
app: {{url: "{url}", driver: {driver}}}
server: {server}
media: {{size: {size}, frame_rate: {frame_rate}}}
trial: {{settle: 2s, hold: 15s, window: 5s}}
invalid: {{waited_for_cpu: 60s, other_programs: 1, thread_cpu: 1, steal: 1, late_polls: 1,
  udp_drops: 1000000, memory_available: 0{invalid}}}
"""


SLOW_CAMERAS = ", capture_of_asked: 0"
"""For `invalid` of a trial that must fail, whatever other tests take from its cameras meanwhile."""


def judged(
    folder: Path,
    url: str,
    driver: Path | str,
    *,
    shape: str = "kind: group, members: 3",
    scenario: str = ", media: forwarded",
    load: int = 3,
    server: str = "{kurento: null}",
    size: str = "320x240",
    frame_rate: int = 10,
    invalid: str = "",
) -> dict[str, Any]:
    """The verdict on a trial of one room, or of another shape, as `result.json` has it."""
    text = ROOM.format(
        shape=shape,
        url=url,
        driver=driver,
        scenario=scenario,
        server=server,
        size=size,
        frame_rate=frame_rate,
        invalid=invalid,
    )
    run, _ = asyncio.run(trial_of(text, folder, FakeObserver(), load=load))
    (result,) = run.glob("trials/*/result.json")
    verdict: dict[str, Any] = json.loads(result.read_text())["verdict"]
    return verdict


def named(verdict: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Whose streams failed, which, and whom they are from."""
    return {(reason["probe"], reason["stream"], reason["sender"]) for reason in verdict["reasons"]}
