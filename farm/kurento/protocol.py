"""Kurento's JSON-RPC 2.0 as values: parses frames, maps error objects to exceptions.

Pure: text in, values out. `farm/kurento/link.py` owns the socket.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, TypeAlias
from urllib.parse import urlsplit

from farm.errors import (
    BadInput,
    EventNotSupported,
    InvalidSession,
    KurentoRefused,
    MarshallError,
    NoSuchOperation,
    ObjectNotFound,
    SdpRefused,
    TypeNotAvailable,
)

Json: TypeAlias = Any
"""A JSON value; its shape depends on the server."""

SERVER = "manager_ServerManager"
"""The id of the object that every Kurento has from its start."""

_REFUSALS: Mapping[int, type[KurentoRefused]] = {
    40001: MarshallError,
    40007: InvalidSession,
    40008: NoSuchOperation,
    -32601: NoSuchOperation,
    40101: ObjectNotFound,
    40106: EventNotSupported,
    40108: TypeNotAvailable,
}


@dataclass(frozen=True, slots=True)
class KurentoEvent:
    """An `onEvent`: `object` raised `type`; `data` as the server sent it, source included.

    `timestamp_ms` is the server's wall clock, `None` where it sent none (7.x sends a string).
    """

    object: str
    type: str
    data: Mapping[str, Json]
    timestamp_ms: int | None


@dataclass(frozen=True, slots=True)
class Response:
    """The result of request `id`; `session` where the answer names one."""

    id: int
    result: Json
    session: str | None


@dataclass(frozen=True, slots=True)
class ErrorResponse:
    """The error object that answers request `id`; `None` when the server could not tell which."""

    id: int | None
    error: KurentoRefused


@dataclass(frozen=True, slots=True)
class InvalidFrame:
    """A frame that is no JSON-RPC 2.0 message of Kurento's; `excerpt` is its beginning."""

    excerpt: str


Frame: TypeAlias = Response | ErrorResponse | KurentoEvent | InvalidFrame


def request(id: int, method: str, params: Mapping[str, Json], session: str | None) -> str:
    """Return the frame of one request: always a JSON object (a real server aborts on others).

    Raises `ValueError` when `params` holds what JSON cannot express.
    """
    named = {**params, "sessionId": session} if session is not None else dict(params)
    message = {"jsonrpc": "2.0", "id": id, "method": method, "params": named}
    return json.dumps(message, allow_nan=False, separators=(",", ":"))


def parse(text: str) -> Frame:
    """Parse one text frame; never raises."""
    try:
        message = json.loads(text)
    except ValueError:
        return InvalidFrame(text[:80])
    if not isinstance(message, dict):
        return InvalidFrame(text[:80])
    id = message.get("id")
    if isinstance(message.get("error"), dict):
        return ErrorResponse(id if isinstance(id, int) else None, refusal(message["error"]))
    if isinstance(id, int) and "result" in message:
        result = message["result"]
        session = result.get("sessionId") if isinstance(result, dict) else None
        return Response(id, result, session if isinstance(session, str) else None)
    event = _event(message) if message.get("method") == "onEvent" else None
    return event or InvalidFrame(text[:80])


def _event(message: Mapping[str, Json]) -> KurentoEvent | None:
    match message:
        case {"params": {"value": {"object": str(object), "type": str(type), "data": dict(data)}}}:
            stamp = str(data.get("timestampMillis", ""))
            return KurentoEvent(object, type, data, int(stamp) if stamp.isdecimal() else None)
    return None


def refusal(error: Mapping[str, Json]) -> KurentoRefused:
    """Return the exception for a JSON-RPC error object; unknown codes are `KurentoRefused`."""
    code = error.get("code")
    number = code if isinstance(code, int) else 0
    data = error.get("data")
    type = data.get("type") if isinstance(data, dict) else None
    kind = _REFUSALS.get(number, SdpRefused if 40200 <= number < 40300 else KurentoRefused)
    return kind(number, str(error.get("message", "refused")), str(type) if type else None)


def check_url(url: str, setting: str = "kurento") -> str:
    """Return `url` when it can name a Kurento, else raise `BadInput` that names `setting`."""
    wanted = "expected ws://HOST:PORT/kurento or wss://HOST:PORT/kurento"
    try:
        parts = urlsplit(url)
        valid = parts.scheme in ("ws", "wss") and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise BadInput(f"{setting}: {url!r} is not an address ({error}); {wanted}") from None
    if not valid:
        raise BadInput(f"{setting}: {url!r} is no WebSocket address; {wanted}")
    return url
