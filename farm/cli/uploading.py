"""`--upload s3://bucket/prefix`: the report, where others can open it."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from farm.errors import BadInput


def add_upload_option(verb: argparse.ArgumentParser) -> None:
    """`--upload`."""
    verb.add_argument(
        "--upload",
        type=_address,
        metavar="s3://BUCKET/PREFIX",
        help="put the report there as well; what is there already is not sent again",
    )


def upload_report(page: Path, address: str | None) -> dict[str, str]:
    """Send the report of `page`; what `--json` says of it, nothing where it was not asked for.

    Raises BadInput, CloudError.
    """
    if address is None:
        return {}
    from infra.aws.cloud import Cloud
    from infra.aws.upload import bucket_of, upload

    report = page.parent
    sent = upload(Cloud(), report, bucket_of(address), report.resolve().parent.name, _say)
    _say(f"uploaded: {sent.page} ({sent.sent} files sent, {sent.already_there} were there)")
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
