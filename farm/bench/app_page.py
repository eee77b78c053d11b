"""Checks that the page under test answers, before anything is started for it."""

from __future__ import annotations

import asyncio
import os
import re
import socket
import ssl
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from pathlib import Path
from urllib.parse import quote, urlsplit

import aiohttp
from yarl import URL

from farm.bench.first_pages import FirstPage, first_pages
from farm.bench.page_request import PageRequest, page_request
from farm.errors import BadInput
from farm.model.experiment import AppSettings, Experiment
from farm.model.mask import Mask
from farm.model.page_address import app_address, asked_path, login_of, origin_of
from farm.model.trial_evidence import FaultKind

SETTING = "app.url"
LOOK_EVERY_S = 5.0
WITHIN_S = 10.0
NOTHING_MORE = PageRequest()
_REFUSED_CERTIFICATE = re.compile(r"alert ([a-z ]*(?:certificate|unknown ca)[a-z ]*)", re.I)
"""The alerts of TLS by which a server refuses a client (RFC 8446, 6.2)."""

MOST_BYTES = 256 * 1024
MOST_HEADERS = 4096
MOST_REDIRECTS = 20
"""Chromium's limits: 256 KiB of headers, twenty redirects."""

PRINTABLE = "!$%&'()*+,-./:;=?@[\\]^_`{|}~"
"""Characters of an address that browsers send unencoded, beside letters and digits."""


class AnswersBadly(BadInput):
    """Something answers at the address, but with an error instead of a page."""


class AnswersError(AnswersBadly):
    """It answers with a status of an error."""


class AnswersLate(BadInput):
    """It takes the connection, and does not answer in time."""


class RefusesLogin(AnswersError):
    """It answers 401: there is no login, or another is needed."""


async def check_pages(
    experiment: Experiment, beside: Path = Path(), *, least_s: float = WITHIN_S
) -> tuple[str, ...]:
    """Check all first pages; returns their addresses after redirects.

    Each has as long as the step that opens it, `least_s` at least. Raises BadInput naming the
    setting. The status of a page that is `late` is not judged.
    """
    app = experiment.app
    first = await asyncio.to_thread(first_pages, experiment, beside)
    mask = Mask(first.opening.secrets())
    login = first.opening.login or login_of(app.url or "")
    targets = []
    for page in first.pages:
        request = page_request(app, first.opening, page.probe, page.variables)
        if origin_of(page.url) == origin_of(app.url or ""):
            request = replace(request, login=login)
        try:
            target = await check_app(
                page.url,
                accept_self_signed=app.accept_self_signed,
                request=request,
                within_s=max(least_s, page.within_s),
            )
        except AnswersError as error:
            if not page.late:
                sent = request.login is not None
                advice = _login_advice(app, sent=sent) if isinstance(error, RefusesLogin) else ""
                raise type(error)(mask(f"{error}{advice}{_opened_by(page)}")) from error
            target = page.url  # it is there; how it answers a probe is known when that joins
        except AnswersLate as error:
            own = " (longer with its `within`)" if page.place else ""
            raise AnswersLate(mask(f"{error}{_opened_by(page)}{own}")) from error
        except BadInput as error:
            raise type(error)(mask(f"{error}{_opened_by(page)}")) from error
        targets.append(target)
    return tuple(dict.fromkeys(targets))


def _opened_by(page: FirstPage) -> str:
    return f"; {page.place}" if page.place else ""


def _login_advice(app: AppSettings, *, sent: bool) -> str:
    """What to do about an answer of 401; `sent`: it got a login, and refused that."""
    where = "app.url" if app.basic_auth_env is None else f"app.basic_auth_env, {app.basic_auth_env}"
    if sent:
        return f" to the login of {where}"
    if app.basic_auth_env is not None or login_of(app.url or "") is not None:
        return f"; the login of {where} is sent to {origin_of(app.url or '')} alone"
    if app.headers or app.storage_state is not None:
        return " to app.headers and app.storage_state as they are"
    return (
        "; a page behind a login needs app.basic_auth_env, app.headers, app.storage_state or "
        "app.client_certificates"
    )


async def check_app(
    url: str,
    *,
    accept_self_signed: bool,
    request: PageRequest = NOTHING_MORE,
    within_s: float = WITHIN_S,
) -> str:
    """Send one GET, without any proxy of the environment; returns the address after redirects.

    Raises BadInput naming the setting.
    """
    address = urlsplit(url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise BadInput(f"{SETTING}: {url}: must be http://host/ or https://host/")
    with explained(SETTING, url, within_s):
        async with (
            aiohttp.ClientSession(
                trust_env=False,
                headers=request.all_headers(),
                cookie_jar=request.cookie_jar(),
                timeout=aiohttp.ClientTimeout(total=within_s),
                auto_decompress=False,  # the body is not read
                max_line_size=MOST_BYTES,
                max_field_size=MOST_BYTES,
                max_headers=MOST_HEADERS,
            ) as session,
            session.get(
                _as_browsers_ask(url),
                ssl=request.trust(url, accept_self_signed=accept_self_signed),
                max_redirects=MOST_REDIRECTS + 1,
            ) as answer,
        ):
            if answer.status == HTTPStatus.UNAUTHORIZED:
                raise RefusesLogin(f"{SETTING}: {url} answered 401 {answer.reason}")
            if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
                raise AnswersError(f"{SETTING}: {url} answered {answer.status} {answer.reason}")
            return str(answer.url) if answer.history else url


async def app_answers(experiment: Experiment) -> bool:
    """Whether the pages answer again after a reset."""
    try:
        await check_pages(experiment)
    except BadInput:
        return False
    return True


async def app_gone(
    url: str,
    *,
    accept_self_signed: bool,
    request: PageRequest = NOTHING_MORE,
    every_s: float = LOOK_EVERY_S,
) -> str:
    """Check the app regularly until nothing answers twice in a row; returns why it is gone.

    An app that answers with an error is not gone.
    """
    check = partial(check_app, url, accept_self_signed=accept_self_signed, request=request)
    return f"the application is gone: {await gone(check, every_s)}"


async def gone(check: Callable[[], Awaitable[object]], every_s: float = LOOK_EVERY_S) -> BadInput:
    """Check regularly until nothing answers twice in a row; returns the last error."""
    misses = 0
    while True:
        try:
            await check()
        except AnswersBadly:
            misses = 0
        except BadInput as error:
            misses += 1
            if misses == 2:
                return error
        else:
            misses = 0
        # Sooner after a miss: a trial in which no probe can join ends within seconds.
        await asyncio.sleep(every_s / 5 if misses else every_s)


@dataclass(frozen=True, slots=True)
class RemoteApp:
    """A page of the user's: the server behind it is part of the system under test."""

    page: str
    accept_self_signed: bool
    request: PageRequest = NOTHING_MORE
    death: FaultKind = "server_died"

    async def url(self) -> str:
        return self.page

    async def late_s(self) -> None:
        """`None`: the delay of a page that is not the farm's is part of the server's quality."""

    async def died(self) -> str:
        return await app_gone(
            app_address(self.page),
            accept_self_signed=self.accept_self_signed,
            request=self.request,
        )


@contextmanager
def explained(setting: str, url: str, within_s: float) -> Iterator[None]:
    """Turn errors of a request into BadInput that names the setting."""
    site = url
    try:
        site = f"{origin_of(url)}/"
        yield
    except aiohttp.ClientConnectorCertificateError as error:
        why = error.certificate_error
        text = why.verify_message if isinstance(why, ssl.SSLCertVerificationError) else why
        advice = "for one of your own set app.accept_self_signed: true"
        raise BadInput(f"{setting}: {site}: certificate refused, {text}; {advice}") from error
    except aiohttp.TooManyRedirects as error:
        raise AnswersBadly(f"{setting}: {url}: too many redirects") from error
    except aiohttp.ClientResponseError as error:
        message = error.message.partition("\n")[0].rstrip(":")
        raise AnswersBadly(f"{setting}: {site}: the answer is not valid HTTP: {message}") from error
    except TimeoutError as error:
        raise AnswersLate(f"{setting}: {url}: no answer within {within_s:g} s") from error
    except (aiohttp.ClientError, OSError) as error:
        advice = _certificate_advice(error) if site.startswith("https:") else ""
        raise BadInput(
            f"{setting}: {site}: nothing answers there ({_reason(error)}){advice}"
        ) from error
    except ValueError as error:
        raise BadInput(f"{setting}: {url}: {error}") from error


def _as_browsers_ask(url: str) -> URL:
    """The address encoded as browsers do: what is encoded already stays as it is (`%2F`)."""
    parts = urlsplit(url)
    path = quote(asked_path(parts.path), safe=PRINTABLE)
    query = f"?{quote(parts.query, safe=PRINTABLE)}" if parts.query else ""
    return URL(f"{origin_of(url)}{path}{query}", encoded=True)


def _certificate_advice(error: Exception) -> str:
    """Of a server that may have refused the client's certificate, or none (RFC 8446, 4.4.2.4).

    Of TLS 1.3 only the end of the connection is seen.
    """
    refused = _REFUSED_CERTIFICATE.search(str(error)) is not None
    if not refused and not isinstance(error, aiohttp.ServerDisconnectedError):
        return ""
    return (
        f"; a server that {'asks' if refused else 'may ask'} for a client's certificate needs one"
        " that it accepts, app.client_certificates"
    )


def _reason(error: Exception) -> str:
    cause = error.os_error if isinstance(error, aiohttp.ClientConnectorError) else error
    if isinstance(cause, socket.gaierror):
        return str(cause.strerror).lower()
    if isinstance(cause, OSError) and not isinstance(cause, ssl.SSLError) and cause.errno:
        return os.strerror(cause.errno).lower()
    return str(cause).lower() or type(cause).__name__
