"""Checks that the page under test answers, before anything is started for it."""

from __future__ import annotations

import asyncio
import os
import socket
import ssl
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import quote, urlsplit

import aiohttp
from yarl import URL

from farm.drivers import read_driver
from farm.drivers.steps import step_for
from farm.errors import BadInput
from farm.model.driver import Goto
from farm.model.experiment import Experiment
from farm.model.page_address import Login, app_address, asked_path, login_of, origin_of
from farm.model.trial_evidence import FaultKind
from farm.planning.load_steps import smallest_load
from farm.planning.trial_planning import driver_name, plan_trial

SETTING = "app.url"
LOOK_EVERY_S = 5.0
ASKED_AS = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) probe-farm", "Accept": "text/html,*/*"}
"""Headers of a browser, for some servers refuse clients that name a library."""


MOST_BYTES = 256 * 1024
MOST_HEADERS = 4096
MOST_REDIRECTS = 20
"""Chromium's limits: 256 KiB of headers, twenty redirects."""

PRINTABLE = "!$%&'()*+,-./:;=?@[\\]^_`{|}~"
"""Characters of an address that browsers send unencoded, beside letters and digits."""


class AnswersBadly(BadInput):
    """Something answers at the address, but with an error instead of a page."""


def pages_of(experiment: Experiment) -> tuple[str, ...]:
    """The first page of the first probe of each role, by `app.url` and the driver.

    Raises BadInput for a driver that cannot be read.
    """
    url = experiment.app.url
    if url is None:
        return ()
    roles = read_driver(driver_name(experiment)).roles
    load = smallest_load(experiment.scenario)
    plan = plan_trial(experiment, load, index=0, purpose="single", hosts=("here",))
    first = {probe.role: probe for probe in reversed(plan.probes)}
    pages = []
    for role in (role for role in roles if role in first):
        variables = {**first[role].variables, "app_url": app_address(url)}
        steps = (step_for(step, variables) for step in roles[role].join)
        opened = next((step.url for step in steps if isinstance(step, Goto)), "")
        if urlsplit(opened).scheme in ("http", "https"):
            pages.append(opened)
    return tuple(dict.fromkeys(pages)) or (app_address(url),)


async def check_pages(experiment: Experiment) -> tuple[str, ...]:
    """Check all pages; returns their addresses after redirects.

    Raises BadInput naming the setting.
    """
    login = login_of(experiment.app.url or "")
    targets = []
    for page in pages_of(experiment):
        same_origin = origin_of(page) == origin_of(experiment.app.url or "")
        targets.append(
            await check_app(
                page,
                accept_self_signed=experiment.app.accept_self_signed,
                login=login if same_origin else None,
            )
        )
    return tuple(dict.fromkeys(targets))


async def check_app(
    url: str,
    *,
    accept_self_signed: bool,
    login: Login | None = None,
    within_s: float = 10.0,
) -> str:
    """Send one GET, without any proxy of the environment; returns the address after redirects.

    Raises BadInput naming the setting.
    """
    address = urlsplit(url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise BadInput(f"{SETTING}: {url}: must be http://host/ or https://host/")
    with _explained(url, within_s):
        # A page may set a cookie and redirect to itself until it is sent back, also at an IP.
        async with (
            aiohttp.ClientSession(
                trust_env=False,
                headers=ASKED_AS | ({} if login is None else _authorization(login)),
                cookie_jar=aiohttp.CookieJar(unsafe=True),
                timeout=aiohttp.ClientTimeout(total=within_s),
                auto_decompress=False,  # the body is not read
                max_line_size=MOST_BYTES,
                max_field_size=MOST_BYTES,
                max_headers=MOST_HEADERS,
            ) as session,
            session.get(
                _as_browsers_ask(url), ssl=not accept_self_signed, max_redirects=MOST_REDIRECTS + 1
            ) as answer,
        ):
            if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
                raise AnswersBadly(f"{SETTING}: {url} answered {answer.status} {answer.reason}")
            return str(answer.url) if answer.history else url


async def app_answers(experiment: Experiment) -> bool:
    """Whether the pages answer again after a reset."""
    try:
        await check_pages(experiment)
    except BadInput:
        return False
    return True


async def app_gone(url: str, *, accept_self_signed: bool, every_s: float = LOOK_EVERY_S) -> str:
    """Check the app regularly until nothing answers twice in a row; returns the last error.

    An app that answers with an error is not gone.
    """
    misses = 0
    while True:
        try:
            await check_app(url, accept_self_signed=accept_self_signed)
        except AnswersBadly:
            misses = 0
        except BadInput as error:
            misses += 1
            if misses == 2:
                return f"the application is gone: {error}"
        else:
            misses = 0
        # Sooner after a miss: a trial in which no probe can join ends within seconds.
        await asyncio.sleep(every_s / 5 if misses else every_s)


@dataclass(frozen=True, slots=True)
class RemoteApp:
    """A page of the user's: the server behind it is part of the system under test."""

    page: str
    accept_self_signed: bool
    death: FaultKind = "server_died"

    async def url(self) -> str:
        return self.page

    async def late_s(self) -> None:
        """`None`: the delay of a page that is not the farm's is part of the server's quality."""

    async def died(self) -> str:
        return await app_gone(app_address(self.page), accept_self_signed=self.accept_self_signed)


@contextmanager
def _explained(url: str, within_s: float) -> Iterator[None]:
    """Turn errors of a request into BadInput that names the setting."""
    site = url
    try:
        site = f"{origin_of(url)}/"
        yield
    except aiohttp.ClientConnectorCertificateError as error:
        why = error.certificate_error
        text = why.verify_message if isinstance(why, ssl.SSLCertVerificationError) else why
        advice = "for one of your own set app.accept_self_signed: true"
        raise BadInput(f"{SETTING}: {site}: certificate refused, {text}; {advice}") from error
    except aiohttp.TooManyRedirects as error:
        raise AnswersBadly(f"{SETTING}: {url}: too many redirects") from error
    except aiohttp.ClientResponseError as error:
        message = error.message.partition("\n")[0].rstrip(":")
        raise AnswersBadly(f"{SETTING}: {site}: the answer is not valid HTTP: {message}") from error
    except TimeoutError as error:
        raise BadInput(f"{SETTING}: {url}: no answer within {within_s:g} s") from error
    except (aiohttp.ClientError, OSError) as error:
        raise BadInput(f"{SETTING}: {site}: nothing answers there ({_reason(error)})") from error
    except ValueError as error:
        raise BadInput(f"{SETTING}: {url}: {error}") from error


def _as_browsers_ask(url: str) -> URL:
    """The address encoded as browsers do: what is encoded already stays as it is (`%2F`)."""
    parts = urlsplit(url)
    path = quote(asked_path(parts.path), safe=PRINTABLE)
    query = f"?{quote(parts.query, safe=PRINTABLE)}" if parts.query else ""
    return URL(f"{origin_of(url)}{path}{query}", encoded=True)


def _authorization(login: Login) -> dict[str, str]:
    """The header of HTTP basic authentication; aiohttp does not send it to another origin."""
    encoded = b64encode(f"{login.user}:{login.password}".encode()).decode()
    return {"Authorization": f"Basic {encoded}"}


def _reason(error: Exception) -> str:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, socket.gaierror):
        return str(cause.strerror).lower()
    if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) and cause.errno:
        return os.strerror(cause.errno).lower()
    return str(cause).lower() or type(cause).__name__
