"""What is said of an answer that lacks what an `http` step saves: names, masked, not too long."""

from __future__ import annotations

import json
from typing import Any

import pytest

from farm.browser.http_request import saved_values
from farm.errors import JoinError
from farm.model.driver import Http
from farm.model.mask import Mask


class Requests:
    """Answers each request with this JSON, as Playwright's `APIRequestContext` does."""

    status, status_text = 200, "OK"

    def __init__(self, value: Any) -> None:
        self._value = value
        self.disposed = False

    async def fetch(self, _url: str, **_options: Any) -> Requests:
        return self

    async def body(self) -> bytes:
        return json.dumps(self._value).encode()

    async def dispose(self) -> None:
        self.disposed = True


async def test_names_of_members_are_masked_and_cut() -> None:
    members = {"alice@example.org": 1, **{f"user{number:03}": 1 for number in range(500)}}
    requests: Any = Requests(members)
    step = Http("GET", "https://h/", save={"token": ("token",)})
    with pytest.raises(JoinError) as caught:
        await saved_values(requests, step, Mask(["alice@example.org"]))
    message = str(caught.value)
    assert message.startswith("no token in its JSON: the answer has ***, user000, user001, ")
    assert len(message) < 200
    assert requests.disposed
