"""Answers other than 2xx, as problem details (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Mapping

from aiohttp import web

from farm.errors import FarmError


class Refused(FarmError):
    """A request that is refused: status, reason in one sentence, further headers."""

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(detail)
        self.status = status
        self.detail = detail
        self.headers = headers or {}

    def response(self) -> web.Response:
        answer = web.Response(
            status=self.status, content_type="application/problem+json", headers=self.headers
        )
        problem = {"title": answer.reason, "status": self.status, "detail": self.detail}
        answer.text = json.dumps(problem)
        return answer
