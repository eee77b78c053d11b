"""Whether the page under test is there at all, before anything is started for it."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass
from http.client import HTTPException
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPSHandler, ProxyHandler, Request, build_opener

from farm.errors import BadInput
from farm.trial import FaultKind

SETTING = "app.url"
LOOK_EVERY_S = 5.0


async def check_app(url: str, *, accept_self_signed: bool, within_s: float = 10.0) -> None:
    """One GET, past any proxy of the environment. Raises BadInput naming the setting."""
    address = urlsplit(url)
    if address.scheme not in ("http", "https") or not address.hostname:
        raise BadInput(f"{SETTING}: {url}: must be http://host/ or https://host/")
    await asyncio.to_thread(_get, url, accept_self_signed, within_s)


async def app_answers(url: str, *, accept_self_signed: bool) -> bool:
    """Whether it does again, after a reset."""
    try:
        await check_app(url, accept_self_signed=accept_self_signed)
    except BadInput:
        return False
    return True


async def app_gone(url: str, *, accept_self_signed: bool, every_s: float = LOOK_EVERY_S) -> str:
    """Look at it now and then until nothing answers there, twice in a row; what was met then.

    An app that answers with an error is there.
    """
    misses = 0
    while True:
        try:
            await check_app(url, accept_self_signed=accept_self_signed)
        except BadInput as error:
            misses = 0 if isinstance(error.__cause__, HTTPError) else misses + 1
            if misses == 2:
                return f"the application is gone: {error}"
        else:
            misses = 0
        # Soon again after a miss: a trial in which nobody can join is over in seconds.
        await asyncio.sleep(every_s / 5 if misses else every_s)


@dataclass(frozen=True, slots=True)
class RemoteApp:
    """A page that is not ours: what answers there is part of the server."""

    page: str
    accept_self_signed: bool
    death: FaultKind = "server_died"

    async def url(self) -> str:
        return self.page.rstrip("/") + "/"

    async def late_s(self) -> None:
        """Not ours to say: what keeps it waiting is the server's affair."""

    async def died(self) -> str:
        return await app_gone(self.page, accept_self_signed=self.accept_self_signed)


def _get(url: str, accept_self_signed: bool, within_s: float) -> None:
    context = ssl.create_default_context()
    if accept_self_signed:
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    opener = build_opener(ProxyHandler({}), HTTPSHandler(context=context))
    try:
        with opener.open(Request(url), timeout=within_s):  # noqa: S310 - http(s), checked above
            return
    except HTTPError as error:
        raise BadInput(f"{SETTING}: {url} answered {error.code} {error.reason}") from error
    except (URLError, OSError, ValueError) as error:
        why = error.reason if isinstance(error, URLError) else error
        if isinstance(why, ssl.SSLCertVerificationError):
            advice = "for one of your own set app.accept_self_signed: true"
            raise BadInput(
                f"{SETTING}: {url}: certificate refused, {why.verify_message}; {advice}"
            ) from error
        if isinstance(why, TimeoutError):
            raise BadInput(f"{SETTING}: {url}: no answer within {within_s:g} s") from error
        said = (why.strerror or str(why)).lower() if isinstance(why, OSError) else why
        raise BadInput(f"{SETTING}: {url}: nothing answers there ({said})") from error
    except HTTPException as error:
        raise BadInput(f"{SETTING}: {url}: what answers there speaks no HTTP") from error
