"""The farm that runs here, packed as a wheel for other machines.

It is made of the installed files and their metadata: no checkout, no build tool.
"""

from __future__ import annotations

import base64
import hashlib
import zipfile
from collections.abc import Iterator
from importlib import metadata, resources
from importlib.resources.abc import Traversable
from pathlib import Path

NAME = "probe-farm"
PACKAGES = ("farm", "browser_scripts", "infra", "reports")
TAG = "py3-none-any"


def pack(folder: Path) -> Path:
    """Write the wheel into `folder`; returns its path."""
    distribution = metadata.distribution(NAME)
    stem = f"{NAME.replace('-', '_')}-{distribution.version}"
    info = f"{stem}.dist-info"
    contents = {
        f"{package}/{name}": data
        for package in PACKAGES
        for name, data in _files(resources.files(package), "")
    }
    for name in ("METADATA", "entry_points.txt"):
        contents[f"{info}/{name}"] = (distribution.read_text(name) or "").encode()
    contents[f"{info}/WHEEL"] = (
        f"Wheel-Version: 1.0\nGenerator: {NAME}\nRoot-Is-Purelib: true\nTag: {TAG}\n".encode()
    )
    record = [f"{name},{_digest(data)},{len(data)}" for name, data in contents.items()]
    contents[f"{info}/RECORD"] = "\n".join([*record, f"{info}/RECORD,,", ""]).encode()
    path = folder / f"{stem}-{TAG}.whl"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as wheel:
        for name, data in contents.items():
            wheel.writestr(name, data)
    return path


def _files(folder: Traversable, prefix: str) -> Iterator[tuple[str, bytes]]:
    for entry in sorted(folder.iterdir(), key=lambda each: each.name):
        if entry.is_dir():
            if entry.name != "__pycache__":
                yield from _files(entry, f"{prefix}{entry.name}/")
        elif not entry.name.endswith(".pyc"):
            yield f"{prefix}{entry.name}", entry.read_bytes()


def _digest(data: bytes) -> str:
    """A file's digest as PEP 427 writes it."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(data).digest()).rstrip(b"=")
    return f"sha256={digest.decode()}"
