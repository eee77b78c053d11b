"""How a run ends for the user: the result in two lines, and where the report is."""

from __future__ import annotations

import json
from pathlib import Path

from farm.cli.uploading import upload_report
from farm.recording.reader import RunReader
from farm.results.answer_lines import two_lines
from farm.results.watch_summary import watch_lines
from reports.pages.bundle import write_bundle


def end(run: Path, *, as_json: bool, upload: str | None = None) -> None:
    """Draw the bundle and say the answer; with `as_json` the summary and the page's path.

    `upload` is where in S3 the bundle goes as well; the answer is said before anything is sent.
    """
    page = write_bundle(run)
    summary = RunReader.open(run).summary or {}
    if as_json:
        sent = upload_report(page, upload)
        print(json.dumps({**summary, "run": str(run), "report": str(page), **sent}, indent=2))
        return
    print("\n".join(watch_lines(summary) if "watch" in summary else two_lines(summary)))
    print(f"report: {page}")
    upload_report(page, upload)
