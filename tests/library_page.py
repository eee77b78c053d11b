"""The examples of docs/library.md, and the run folder that they read."""

from __future__ import annotations

import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.reports.made_run import HELD_S, HOLD_S, new_run, pages, record_trial
from tests.synthetic import Page

PAGE = Path(__file__).parents[1] / "docs/library.md"

_BLOCK = re.compile(r"^```(python|text|yaml)\n(.*?)^```", re.DOTALL | re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Example:
    """A program of the page, and the output that the page states, if any."""

    code: str
    prints: str | None

    @property
    def is_live(self) -> bool:
        """Whether it starts browsers and servers."""
        return "farm.open(" in self.code


def examples() -> list[Example]:
    """The examples in the order of the page; a block of text after a program is its output."""
    blocks = _BLOCK.findall(PAGE.read_text())
    after = [*blocks[1:], ("", "")]
    return [
        Example(code, text if following == "text" else None)
        for (language, code), (following, text) in zip(blocks, after, strict=True)
        if language == "python"
    ]


def experiment_of_the_page() -> str:
    """The page's `calls.yaml`."""
    (text,) = (text for language, text in _BLOCK.findall(PAGE.read_text()) if language == "yaml")
    return text


async def record_the_run_of_the_page(directory: Path) -> None:
    """Record `runs/first`: two baselines, and a trial of four whose first probe loses 2 %."""
    recording, clock = new_run(directory / "made")
    lossy = Page("p000", seconds=HOLD_S + HELD_S, loss=0.02)
    with recording:
        await record_trial(recording, clock, pages(2), purpose="baseline")
        await record_trial(recording, clock, pages(2), index=1, purpose="baseline")
        await record_trial(recording, clock, pages(4, p000=lossy), index=2)
    (directory / "runs").mkdir()
    shutil.move(recording.path, directory / "runs/first")
