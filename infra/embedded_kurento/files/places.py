"""Where clients may have files written and read: nowhere but below the folders given."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from infra.embedded_kurento.errors import not_supported, out_of_bounds

DEFAULT_PATH = Path("/var/lib/kurento")
"""Where an uri without a scheme lies (Kurento's `defaultPath`)."""


@dataclass(frozen=True, slots=True)
class Places:
    """Folders, absolute and without links: `recordings` to write and read, `clips` to read."""

    recordings: tuple[Path, ...] = ()
    clips: tuple[Path, ...] = ()

    def to_write(self, uri: str) -> Path:
        """The file that `uri` names, links followed. Raises Refusal where it is not below one."""
        return _below(self.recordings, uri, "--recordings")

    def to_read(self, uri: str) -> Path:
        """Likewise."""
        return _below((*self.recordings, *self.clips), uri, "--recordings or --clips")


def check_scheme(uri: str) -> None:
    """Raises Refusal for what names no file."""
    try:
        scheme = urlsplit(uri).scheme
    except ValueError:  # such as brackets around no address
        raise not_supported(f"An uri that cannot be read: '{uri}'") from None
    if scheme not in {"", "file"}:
        raise not_supported(f"An uri that is no file: '{uri}'")


def _below(folders: Iterable[Path], uri: str, options: str) -> Path:
    try:
        path = (DEFAULT_PATH / unquote(urlsplit(uri).path)).resolve()
    except (OSError, RuntimeError, ValueError):  # NUL, links that go round
        raise out_of_bounds(uri, options) from None
    if not any(folder in path.parents for folder in folders):
        raise out_of_bounds(uri, options)
    return path
