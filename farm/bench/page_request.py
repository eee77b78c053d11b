"""A request of a page as the probes' browsers make it: headers, cookies, login, certificates."""

from __future__ import annotations

import ssl
from base64 import b64encode
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http.cookies import CookieError, SimpleCookie
from typing import Any

import aiohttp
from yarl import URL

from farm.bench.environment import environment_value
from farm.bench.storage_states import has_expired
from farm.browser.devices import device_named
from farm.model.experiment import AppSettings
from farm.model.page_address import Login, origin_of
from farm.model.page_opening import PageOpening
from farm.model.page_settings import ClientCertificateSettings
from farm.model.template_text import environment_in, fill_in, template_of

BROWSER = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) probe-farm", "Accept": "text/html,*/*"}
"""Headers of a browser, for some servers refuse clients that name a library."""


@dataclass(frozen=True, slots=True)
class PageRequest:
    """What is sent beside an address. `login` is for the origin of the address alone.

    `client_certificates` are by origin; the one of the first address is also used where it
    redirects to.
    """

    headers: Mapping[str, str] = field(default_factory=dict)
    login: Login | None = field(default=None, repr=False)
    cookies: Sequence[Mapping[str, Any]] = ()
    client_certificates: Mapping[str, ClientCertificateSettings] = field(default_factory=dict)

    def all_headers(self) -> dict[str, str]:
        login = {} if self.login is None else {"Authorization": _basic(self.login)}
        return {**BROWSER, **self.headers, **login}

    def cookie_jar(self) -> aiohttp.CookieJar:
        """Those of the storage state that have not expired; those of answers come on top.

        A page may set a cookie and redirect to itself until it is sent back, also at an IP.
        """
        jar = aiohttp.CookieJar(unsafe=True)
        for cookie in self.cookies:
            if not has_expired(cookie):
                domain = cookie["domain"].lstrip(".")
                scheme = "https" if cookie.get("secure") else "http"
                jar.update_cookies(_cookie(cookie), URL.build(scheme=scheme, host=domain))
        return jar

    def trust(self, url: str, *, accept_self_signed: bool) -> ssl.SSLContext | bool:
        """aiohttp's `ssl`: how the server's certificate is checked, and the client's own."""
        settings = self.client_certificates.get(origin_of(url))
        if settings is None:
            return not accept_self_signed
        context = ssl.create_default_context()
        if accept_self_signed:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        context.load_cert_chain(
            settings.cert.expanduser(), settings.key.expanduser(), lambda: _passphrase(settings)
        )
        return context


def page_request(
    app: AppSettings, opening: PageOpening, probe: str, variables: Mapping[str, str]
) -> PageRequest:
    """The request of a probe with these variables, its own among them, without a login."""
    headers = {name: fill_in(text, variables) for name, text in opening.headers.items()}
    user_agent = opening.user_agent
    if user_agent is None and opening.device is not None:
        user_agent = str(device_named(opening.device)["user_agent"])
    if user_agent is not None:
        headers["User-Agent"] = user_agent
    if opening.locale is not None:
        headers["Accept-Language"] = opening.locale
    state = opening.storage_states.get(probe)
    return PageRequest(
        headers=headers,
        cookies=() if state is None else state.cookies(),
        client_certificates={
            origin_of(each.origin or app.url or ""): each for each in app.client_certificates or ()
        },
    )


def _cookie(cookie: Mapping[str, Any]) -> SimpleCookie:
    made = SimpleCookie()
    try:
        made[cookie["name"]] = cookie["value"]
    except CookieError:
        return made  # a name that only browsers allow
    morsel = made[cookie["name"]]
    morsel.set(cookie["name"], cookie["value"], cookie["value"])  # as it is, not quoted
    morsel["path"] = cookie["path"]
    if cookie["domain"].startswith("."):
        morsel["domain"] = cookie["domain"]
    if cookie.get("secure"):
        morsel["secure"] = True
    return made


def _passphrase(settings: ClientCertificateSettings) -> str:
    names = environment_in(template_of(settings.passphrase or ""))
    return environment_value(names[0], "app.client_certificates") if names else ""


def _basic(login: Login) -> str:
    """HTTP basic authentication; aiohttp does not send it to another origin."""
    return f"Basic {b64encode(f'{login.user}:{login.password}'.encode()).decode()}"
