"""Rooms of three on test pages, as `farm run` judges them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.farm_process import farm

# Detectors of a busy machine are off: it is the tests' machine, and not what is asked here.
ROOM = """
format: 1
scenario: {{kind: group, members: 3{scenario}}}
app: {{url: "{url}", driver: {driver}}}
server: {server}
media: {{size: {size}, frame_rate: {frame_rate}}}
trial: {{load: 3, settle: 2s, hold: 20s, window: 5s}}
invalid: {{waited_for_cpu: 60s, other_programs: 1, thread_cpu: 1, steal: 1, late_polls: 1,
  udp_drops: 1000000, memory_available: 0}}
"""


def judged(
    folder: Path,
    url: str,
    driver: Path | str,
    *,
    scenario: str = ", media: forwarded",
    server: str = "{kurento: null}",
    size: str = "320x240",
    frame_rate: int = 10,
) -> dict[str, Any]:
    """The verdict on a trial of one room, as `result.json` has it."""
    text = ROOM.format(
        url=url, driver=driver, scenario=scenario, server=server, size=size, frame_rate=frame_rate
    )
    with farm(folder, "run", "--absolute", experiment=text) as run:
        run.wait()
        verdict: dict[str, Any] = run.result()["verdict"]
    return verdict


def named(verdict: dict[str, Any]) -> set[tuple[str, str, str]]:
    """Whose streams failed, which, and whom they are from."""
    return {(reason["probe"], reason["stream"], reason["sender"]) for reason in verdict["reasons"]}
