"""`http` steps: values of an answer, and what a wrong one is said to lack."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any

import pytest

from farm.errors import JoinError
from farm.model.driver import Evaluate, Goto, Http
from tests.login_page import USERS, LoginPages, login_pages

pytestmark = pytest.mark.live

NewPage = Callable[..., Awaitable[Any]]

(USER, PASSWORD), _ = USERS.items()


@pytest.fixture
async def pages() -> AsyncIterator[LoginPages]:
    async with login_pages() as pages:
        yield pages


def login(pages: LoginPages, **changes: Any) -> Http:
    values: dict[str, Any] = {
        "method": "POST",
        "url": f"{pages.url}api/login",
        "json": {"user": USER, "password": PASSWORD},
        "save": {"token": ("data", "accessToken"), "expires": ("data", "expires")},
        **changes,
    }
    return Http(**values)


async def test_a_token_is_saved_and_the_page_is_logged_in(
    new_page: NewPage, pages: LoginPages
) -> None:
    probe = await new_page()
    saved = await probe.page.run(login(pages))
    assert saved == {"token": f"token-of-{USER}", "expires": "60"}
    await probe.page.run(Goto(f"{pages.url}room?token={saved['token']}"))
    as_variable = f"""({{ token, probe }}) => {{
        if (token !== "token-of-{USER}" || probe !== "p000") throw new Error("another token");
    }}"""
    await probe.page.run(Evaluate(as_variable, "test.js"))
    item = await probe.page.run(login(pages, save={"first": ("list", 0), "all": ()}))
    assert item["first"] == saved["token"]
    assert item["all"].startswith('{"data": ')
    with pytest.raises(JoinError) as caught:
        await probe.page.run(Goto(f"{pages.url}cookie?token={saved['token']}"))
    assert "cookie?token=***" in str(caught.value)
    assert saved["token"] not in str(caught.value)


async def test_each_failure_says_what_is_missing(new_page: NewPage, pages: LoginPages) -> None:
    probe = await new_page()
    wrong = {"user": USER, "password": "wrong"}
    for step, message in (
        (login(pages, json=wrong), f"answered 403 Forbidden: 'no user {USER} of that password'"),
        (
            login(pages, save={"token": ("data", "token")}),
            "no data.token in its JSON: data has accessToken, expires",
        ),
        (login(pages, save={"token": ("data",)}), "data in its JSON is an object"),
        (
            login(pages, save={"token": ("list", 1)}),
            "no list.1 in its JSON: list has 1 items",
        ),
        (
            login(pages, save={"token": ("data", "accessToken", "x")}),
            "no data.accessToken.x in its JSON: data.accessToken has no members",
        ),
        (
            Http("GET", f"{pages.url}open", save={"token": ("a",)}),
            "answered text/html; charset=utf-8, which is no JSON to save from",
        ),
    ):
        with pytest.raises(JoinError) as caught:
            await probe.page.run(step)
        assert (caught.value.reason, str(caught.value)) == ("request", message)
    with pytest.raises(JoinError, match="ECONNREFUSED"):
        await probe.page.run(Http("GET", "http://127.0.0.1:1/"))


async def test_an_answer_is_waited_for_as_long_as_the_step_says(
    new_page: NewPage, call_app: str
) -> None:
    probe = await new_page()
    with pytest.raises(JoinError, match=r"^no answer within 0\.5 s \(the step's `within`\)$"):
        await probe.page.run(Http("GET", f"{call_app}never", within_s=0.5))
