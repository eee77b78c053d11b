"""Upload of a report to S3; files that are there unchanged are not sent again.

`page.html` is sent too: the page with its images inside, one object that a signed address opens
without the bucket being public.
"""

from __future__ import annotations

import base64
import hashlib
import mimetypes
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from boto3.exceptions import S3UploadFailedError
from boto3.s3.transfer import TransferConfig

from farm.errors import BadInput, CloudError
from infra.aws.cloud import HOME_REGION, Cloud, translated

PART_BYTES = 8 * 2**20
SIGNED_FOR_S = 7 * 24 * 3600
"""The longest that S3 allows; the address ends sooner if the credentials expire."""
ONE_PAGE = "page.html"


@dataclass(frozen=True, slots=True)
class Bucket:
    """`s3://NAME/PREFIX`; the prefix has no slash at its ends."""

    name: str
    prefix: str


@dataclass(frozen=True, slots=True)
class Uploaded:
    """`page` is in the bucket, `signed` opens it without a login for a week at most."""

    sent: int
    already_there: int
    page: str
    signed: str


def bucket_of(url: str, setting: str = "--upload") -> Bucket:
    """The bucket of an `s3://` URL. Raises BadInput naming `setting`."""
    parts = urlsplit(url)
    if parts.scheme != "s3" or not re.match(r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", parts.netloc):
        raise BadInput(f"{setting}: {url}: expected s3://bucket/prefix")
    return Bucket(parts.netloc, parts.path.strip("/"))


def upload(
    cloud: Cloud, report: Path, bucket: Bucket, name: str, say: Callable[[str], None]
) -> Uploaded:
    """Send the report of the run `name` to `PREFIX/NAME/`. Raises BadInput, CloudError."""
    with _as_drawn(report):
        return _upload(cloud, report, bucket, name, say)


def _upload(
    cloud: Cloud, report: Path, bucket: Bucket, name: str, say: Callable[[str], None]
) -> Uploaded:
    client = cloud.client("s3", cloud.session.region_name or HOME_REGION)
    root = "/".join(part for part in (bucket.prefix, name) if part)
    there = _there(client, bucket, f"{root}/")
    files = {path.relative_to(report).as_posix(): path for path in _files(report)}
    sent = 0
    for relative, path in files.items():
        key = f"{root}/{relative}"
        if there.get(key) == _etag(path):
            continue
        say(f"upload: {relative}")
        _send(client, bucket, key, path)
        sent += 1
    one = one_page(report)
    key = f"{root}/{ONE_PAGE}"
    if there.get(key) != f'"{_md5(one)}"':
        with _said(bucket, "put_object"):
            client.put_object(
                Bucket=bucket.name, Key=key, Body=one, ContentType="text/html; charset=utf-8"
            )
        sent += 1
    with _said(bucket, "sign"):
        signed = client.generate_presigned_url(
            "get_object", Params={"Bucket": bucket.name, "Key": key}, ExpiresIn=SIGNED_FOR_S
        )
    page = f"s3://{bucket.name}/{root}/index.html"
    return Uploaded(sent, len(files) + 1 - sent, page, signed)


def one_page(report: Path) -> bytes:
    """`index.html` with the files that it shows put into it as data."""
    html = (report / "index.html").read_text(encoding="utf-8")

    def inside(found: re.Match[str]) -> str:
        path = report / unquote(found[2])
        if not path.is_file() or not path.resolve().is_relative_to(report.resolve()):
            return found[0]
        data = base64.b64encode(path.read_bytes()).decode()
        return f'{found[1]}="data:{_content_type(path)};base64,{data}"'

    return re.sub(r'\b(src|href)="([^":#?]+\.(?:png|jpg|csv))"', inside, html).encode()


def _there(client: Any, bucket: Bucket, prefix: str) -> dict[str, str]:
    """Key -> ETag of what is in the bucket."""
    with _said(bucket, "list_objects_v2"):
        pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket.name, Prefix=prefix)
        return {item["Key"]: item["ETag"] for page in pages for item in page.get("Contents", ())}


def _send(client: Any, bucket: Bucket, key: str, path: Path) -> None:
    parts = TransferConfig(multipart_threshold=PART_BYTES, multipart_chunksize=PART_BYTES)
    with _said(bucket, "put_object"):
        client.upload_file(
            str(path),
            bucket.name,
            key,
            ExtraArgs={"ContentType": _content_type(path)},
            Config=parts,
        )


@contextmanager
def _as_drawn(report: Path) -> Iterator[None]:
    """Raises CloudError if the report was replaced by another while it was sent."""
    try:
        before = report.stat()
        yield
        now = report.stat()
        again = (now.st_ino, now.st_mtime_ns) != (before.st_ino, before.st_mtime_ns)
    except FileNotFoundError:
        again = True
    if again:
        raise CloudError(f"--upload: {report} was drawn again while it was sent: call again")


@contextmanager
def _said(bucket: Bucket, operation: str) -> Iterator[None]:
    """Adds the bucket's name to S3's refusals. Raises BadInput, CloudError."""
    try:
        with translated(operation, ""):
            yield
    except S3UploadFailedError as error:
        raise CloudError(f"--upload: s3://{bucket.name}: {error}") from error
    except (BadInput, CloudError) as error:
        raise type(error)(f"--upload: s3://{bucket.name}: {error}") from error


def _files(report: Path) -> list[Path]:
    """The report's files, the page last, as it shows the others; links are left out."""
    paths = sorted(report.rglob("*"))
    found = [path for path in paths if path.is_file() and not path.is_symlink()]
    return sorted(found, key=lambda path: path.name == "index.html")


def _content_type(path: Path) -> str:
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"{kind}; charset=utf-8" if kind.startswith("text/") else kind


def _etag(path: Path) -> str:
    """The ETag that S3 gives a file: its MD5, or of parts the MD5 of their MD5s."""
    data = path.read_bytes()
    if len(data) < PART_BYTES:
        return f'"{_md5(data)}"'
    parts = [data[at : at + PART_BYTES] for at in range(0, len(data), PART_BYTES)]
    digests = b"".join(hashlib.md5(part, usedforsecurity=False).digest() for part in parts)
    return f'"{_md5(digests)}-{len(parts)}"'


def _md5(data: bytes) -> str:
    return hashlib.md5(data, usedforsecurity=False).hexdigest()
