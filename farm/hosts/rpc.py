"""What the controller and a machine far away say to each other: questions, answers, batches.

A line carries bytes. Both ends run the same code, which is made sure before, so that values travel
as Python pickles them; whoever can put a question on the line could run anything there anyway.
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
    """The way to what answers on a host (`farm.hosts.ray.RayLine`)."""

    async def ask(self, question: bytes) -> bytes:
        """Many at a time. Raises HostLost when nobody can answer any more."""

    async def cut(self) -> None:
        """End what answers there. Idempotent, never raises, returns within seconds."""


@dataclass(frozen=True, slots=True)
class Question:
    what: str
    given: tuple[Any, ...] = ()


@dataclass(frozen=True, slots=True)
class RemoteError:
    """An error that was raised on purpose over there; `screenshot` is a file's name."""

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
    """A screenshot that was taken over there."""

    file: str
    png: bytes


@dataclass(frozen=True, slots=True)
class EvidenceBatch:
    """What was seen since the last one; `ended`: there will be no more."""

    seen: tuple[Evidence | RemoteScreenshot, ...]
    ended: bool


def name_of(data: bytes, suffix: str) -> str:
    """What a file is called over there: by its content, so that it is brought only once."""
    return f"{hashlib.sha256(data).hexdigest()[:24]}{suffix}"


def packed(value: Question | Reply) -> bytes:
    """getStats repeats itself: a tenth of the bytes is left."""
    return zlib.compress(pickle.dumps(value), level=1)


def unpacked(data: bytes, kind: type[T]) -> T:
    value = pickle.loads(zlib.decompress(data))  # noqa: S301 - see above
    if not isinstance(value, kind):
        raise TypeError(f"{type(value).__name__} on the line, not {kind.__name__}")
    return value


def trouble_of(error: FarmError) -> RemoteError:
    """To be raised again by `raised`, on the other side."""
    match error:
        case JoinError():
            picture = None if error.screenshot is None else error.screenshot.name
            return RemoteError("join", str(error), error.reason, picture)
        case BrowserError():
            return RemoteError("browser", str(error))
        case BadInput():
            return RemoteError("bad_input", str(error))
        case _:
            return RemoteError("generator", str(error))


def raised(trouble: RemoteError, host: str, screenshots: Path) -> FarmError:
    """The error, naming the host where that is not clear from the probe."""
    match trouble.kind:
        case "join":
            name = trouble.screenshot
            picture = None if name is None else screenshots / name
            return JoinError(trouble.reason or "page_error", trouble.message, picture)
        case "browser":
            return BrowserError(f"host {host}: {trouble.message}")
        case "bad_input":
            return BadInput(f"host {host}: {trouble.message}")
        case "generator":
            return GeneratorError(f"host {host}: {trouble.message}")
