"""JSON-RPC 2.0 as Kurento writes it: text to requests; results, errors and events to text.

Pure. The caller parses a WebSocket message with `parse_request`, which raises `Refusal` for one
that is not a request, and sends back exactly one of `answer` and `refuse`. Keys are sorted, as
Kurento's JSON writer sorts them.
"""

from __future__ import annotations

import json
from collections import OrderedDict
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from infra.embedded_kurento.errors import Refusal

ANSWERS_KEPT_S = 20.0
"""How long Kurento repeats its answer to a request id that is used again in a session."""


@dataclass(frozen=True, slots=True)
class Request:
    """One request. `id` is None in a notification (which Kurento answers, with an error)."""

    id: int | str | None
    method: str
    params: Mapping[str, Any]


def parse_request(text: str | bytes) -> Request:
    """The request in a message. Raises `Refusal` -32700 or -32600 without one (JSON-RPC 5.1)."""
    try:
        message = json.loads(text)
    except ValueError:
        raise Refusal(-32700, "Parse error.") from None
    if not isinstance(message, dict):
        raise Refusal(-32600, "Invalid JSON-RPC request.")
    request_id = message.get("id")
    method = message.get("method")
    params = message.get("params", {})
    if (
        message.get("jsonrpc") != "2.0"
        or not isinstance(method, str)
        or not isinstance(request_id, int | str | None)
        or not isinstance(params, dict | None)
    ):
        raise Refusal(-32600, "Invalid JSON-RPC request.")
    return Request(request_id, method, params or {})


def answer(request: Request, result: Mapping[str, Any] | None) -> str:
    """The answer to a request; to a notification, Kurento's error that holds the result."""
    if request.id is None:
        message = "Ignoring response because of a notification request"
        return _write({"error": {"code": -32000, "data": result, "message": message}, "id": None})
    return _write({"id": request.id, "result": result})


def refuse(request_id: int | str | None, refusal: Refusal) -> str:
    """The error object for a request, or for a message that is none (`request_id` None)."""
    error: dict[str, Any] = {"code": refusal.code, "message": refusal.message}
    if refusal.type is not None:
        error["data"] = {"type": refusal.type}
    return _write({"error": error, "id": request_id})


def event(value: Mapping[str, Any]) -> str:
    """An event of a media object, as `MediaObject.emit` made it."""
    return _write({"method": "onEvent", "params": {"value": value}})


def _write(message: Mapping[str, Any]) -> str:
    return json.dumps({"jsonrpc": "2.0", **message}, sort_keys=True)


@dataclass(slots=True)
class AnswerCache:
    """Answers by (session, request id), kept for `ANSWERS_KEPT_S`: a repeated id gets the old one.

    Kurento does this so that a client may repeat a request after a dropped socket; the content of
    the repeated request is ignored.
    """

    _answers: OrderedDict[tuple[str, int | str], tuple[float, str]] = field(
        default_factory=OrderedDict
    )

    def recall(self, session_id: str, request_id: int | str, now_s: float) -> str | None:
        self._drop_old(now_s)
        kept = self._answers.get((session_id, request_id))
        return kept[1] if kept else None

    def remember(self, session_id: str, request_id: int | str, text: str, now_s: float) -> None:
        self._drop_old(now_s)
        self._answers[session_id, request_id] = (now_s, text)

    def forget(self, session_id: str) -> None:
        for key in [key for key in self._answers if key[0] == session_id]:
            del self._answers[key]

    def _drop_old(self, now_s: float) -> None:
        while self._answers:
            key, (kept_at_s, _) = next(iter(self._answers.items()))
            if now_s - kept_at_s < ANSWERS_KEPT_S:
                return
            del self._answers[key]
