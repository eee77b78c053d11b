"""Ends a run for the user: the result in two lines, the path of the report, `--upload`."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from farm.errors import BadInput
from farm.model.wording import counted
from farm.recording.reader import RunReader
from farm.results.answer_lines import two_lines, with_relaxed_limits
from farm.results.watch_summary import watch_lines
from reports.pages.bundle import write_bundle


def end(run: Path, *, as_json: bool, upload: str | None = None) -> None:
    """Draw the bundle and print the answer; with `as_json` the summary and the page's path.

    `upload` is an address in S3 for the bundle; the answer is printed before anything is sent.
    """
    page = write_bundle(run)
    summary = RunReader.open(run).summary or {}
    if as_json:
        sent = upload_report(page, upload)
        print(json.dumps({**summary, "run": str(run), "report": str(page), **sent}, indent=2))
        return
    if "watch" in summary:
        lines = with_relaxed_limits(watch_lines(summary), summary)
    else:
        lines = two_lines(summary)
    print("\n".join(lines))
    print(f"report: {page}")
    upload_report(page, upload)


def add_upload_option(verb: argparse.ArgumentParser) -> None:
    """Add the option `--upload`."""
    verb.add_argument(
        "--upload",
        type=_address,
        metavar="s3://BUCKET/PREFIX",
        help="send the report there as well; files that are there already are not sent again",
    )


def upload_report(page: Path, address: str | None) -> dict[str, str]:
    """Send the report of `page`; returns facts for `--json`, none without an address.

    Raises BadInput, CloudError.
    """
    if address is None:
        return {}
    from infra.aws.cloud import Cloud
    from infra.aws.upload import bucket_of, upload

    report = page.parent
    sent = upload(Cloud(), report, bucket_of(address), report.resolve().parent.name, _say)
    files = counted(sent.sent, "file")
    _say(f"uploaded: {sent.page} ({files} sent, {sent.already_there} already there)")
    _say(f"to open without a login, for a week at most: {sent.signed}")
    return {"uploaded": sent.page, "signed": sent.signed}


def _address(text: str) -> str:
    from infra.aws.upload import bucket_of

    try:
        bucket_of(text)
    except BadInput as error:
        raise argparse.ArgumentTypeError(str(error).removeprefix("--upload: ")) from error
    return text


def _say(text: str) -> None:
    print(text, file=sys.stderr)
