"""The protocol between the controller and a remote host: questions, replies, evidence.

A channel carries bytes. Both ends run the same code, which is checked first, so values travel as
Python pickles; a sender of questions could run any program there anyway.
"""

from __future__ import annotations

import hashlib
import pickle
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, Protocol, TypeVar

from farm.errors import BadInput, BrowserError, FarmError, GeneratorError, JoinError
from farm.protocols import Evidence

T = TypeVar("T")


class RpcChannel(Protocol):
    """A channel to the service on a host (`farm.hosts.ray.RayChannel`)."""

    async def ask(self, question: bytes) -> bytes:
        """Many at a time. Raises HostLost when the service is gone."""

    async def cut(self) -> None:
        """End the service. Idempotent, never raises, returns within seconds."""


@dataclass(frozen=True, slots=True)
class Question:
    what: str
    given: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoteError:
    """A FarmError raised on the remote host; `screenshot` is a file's name."""

    kind: Literal["join", "browser", "bad_input", "generator"]
    message: str
    reason: str | None = None
    screenshot: str | None = None


@dataclass(frozen=True, slots=True)
class Reply:
    value: Any = None
    trouble: RemoteError | None = None


@dataclass(frozen=True, slots=True)
class RemoteScreenshot:
    """A screenshot taken on the remote host."""

    file: str
    png: bytes


@dataclass(frozen=True, slots=True)
class EvidenceBatch:
    """Evidence since the last batch; `ended`: there will be no more."""

    seen: tuple[Evidence | RemoteScreenshot, ...]
    ended: bool


def name_of(data: bytes, suffix: str) -> str:
    """A file's name on the remote host: a digest, so that each content is sent only once."""
    return f"{hashlib.sha256(data).hexdigest()[:24]}{suffix}"


def packed(value: Question | Reply) -> bytes:
    """Pickled and compressed: getStats is repetitive, a tenth of its bytes is left."""
    return zlib.compress(pickle.dumps(value), level=1)


def unpacked(data: bytes, kind: type[T]) -> T:
    value = pickle.loads(zlib.decompress(data))  # noqa: S301 - see above
    if not isinstance(value, kind):
        raise TypeError(f"{type(value).__name__} received, not {kind.__name__}")
    return value


def trouble_of(error: FarmError) -> RemoteError:
    """The error as a value, for `raised` on the other side."""
    match error:
        case JoinError():
            screenshot = None if error.screenshot is None else error.screenshot.name
            return RemoteError("join", str(error), error.reason, screenshot)
        case BrowserError():
            return RemoteError("browser", str(error))
        case BadInput():
            return RemoteError("bad_input", str(error))
        case _:
            return RemoteError("generator", str(error))


def raised(trouble: RemoteError, host: str, screenshots: Path) -> FarmError:
    """The error to raise; it names the host if its message names no probe."""
    match trouble.kind:
        case "join":
            name = trouble.screenshot
            screenshot = None if name is None else screenshots / name
            return JoinError(trouble.reason or "page_error", trouble.message, screenshot)
        case "browser":
            return BrowserError(f"host {host}: {trouble.message}")
        case "bad_input":
            return BadInput(f"host {host}: {trouble.message}")
        case "generator":
            return GeneratorError(f"host {host}: {trouble.message}")
