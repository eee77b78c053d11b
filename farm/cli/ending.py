"""How a run ends for the user: the result in two lines, and where the report is."""

from __future__ import annotations

import json
from pathlib import Path

from farm.recording.reader import RunReader
from farm.summary import two_lines
from farm.watch_summary import watch_lines
from reports.bundle import write_bundle


def end(run: Path, *, as_json: bool) -> None:
    """Draw the bundle and say the answer; with `as_json` the summary and the page's path."""
    page = write_bundle(run)
    summary = RunReader.open(run).summary or {}
    if as_json:
        print(json.dumps({**summary, "run": str(run), "report": str(page)}, indent=2))
        return
    print("\n".join(watch_lines(summary) if "watch" in summary else two_lines(summary)))
    print(f"report: {page}")
