"""The folders below which clients may have files written and read."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

from infra.embedded_kurento.errors import not_supported, out_of_bounds

DEFAULT_PATH = Path("/var/lib/kurento")
"""The folder of URIs without a scheme (Kurento's `defaultPath`)."""


@dataclass(frozen=True, slots=True)
class Places:
    """Folders, absolute and without links: `recordings` to write and read, `clips` to read."""

    recordings: tuple[Path, ...] = ()
    clips: tuple[Path, ...] = ()

    def to_write(self, uri: str) -> Path:
        """The file that `uri` names, links followed. Raises Refusal if it is in none of them."""
        return _below(self.recordings, uri, "--recordings")

    def to_read(self, uri: str) -> Path:
        """The file that `uri` names for reading, links followed. Raises Refusal as `to_write`."""
        return _below((*self.recordings, *self.clips), uri, "--recordings or --clips")


def check_scheme(uri: str) -> None:
    """Raises Refusal for a URI that does not name a file."""
    try:
        scheme = urlsplit(uri).scheme
    except ValueError:  # such as brackets around nothing that is an address
        raise not_supported(f"A URI that cannot be parsed: '{uri}'") from None
    if scheme not in {"", "file"}:
        raise not_supported(f"A URI that is not a file's: '{uri}'")


def _below(folders: Iterable[Path], uri: str, options: str) -> Path:
    try:
        path = (DEFAULT_PATH / unquote(urlsplit(uri).path)).resolve()
    except (OSError, RuntimeError, ValueError):  # NUL, or links that lead to themselves
        raise out_of_bounds(uri, options) from None
    if not any(folder in path.parents for folder in folders):
        raise out_of_bounds(uri, options)
    return path
