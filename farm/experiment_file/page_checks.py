"""Checks the settings by which a page under test is opened (`app`, `probes.device`)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from difflib import get_close_matches
from pathlib import Path
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError, available_timezones

from farm.errors import ExperimentError
from farm.model.experiment import AppSettings, Experiment
from farm.model.page_address import login_of, without_passwords
from farm.model.page_settings import PERMISSIONS
from farm.model.template_text import (
    ENVIRONMENT,
    environment_in,
    is_environment_name,
    names_in,
    template_of,
)

STATE_NAMES = ("probe", "session", "role", "index")
"""Variables that `app.storage_state` may have."""

_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
"""RFC 9110, 5.6.2: what the name of a header is made of."""

_VARIABLE = re.compile(r"[a-z][a-z0-9_]*")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{1,8})*")

_INSTEAD = {
    "cookie": "app.storage_state",
    "user-agent": "app.user_agent",
    "accept-language": "app.locale",
    "host": "app.url",
    "content-length": "nothing: browsers set it",
    "connection": "nothing: browsers set it",
}
"""Headers that a setting of their own is for."""


def check_page(experiment: Experiment) -> None:
    """Raises ExperimentError for the first setting that cannot be used."""
    app = experiment.app
    _exec(app)
    _headers(app)
    _basic_auth(app)
    _client_certificates(app)
    for at, permission in enumerate(app.permissions):
        _known(f"app.permissions[{at}]", permission, PERMISSIONS)
    if app.locale is not None and not _LANGUAGE.fullmatch(app.locale):
        raise ExperimentError(f"app.locale: {app.locale}: expected a language such as de-DE")
    if app.timezone is not None:
        _timezone(app.timezone)
    for name in names_in(app.storage_state or ""):
        _known("app.storage_state", f"{{{name}}}", [f"{{{each}}}" for each in STATE_NAMES])


def _exec(app: AppSettings) -> None:
    if app.exec is None:
        return
    if not app.exec.command.strip():
        raise ExperimentError('app.exec.command: "": expected a command of the shell')
    if not app.exec.gives:
        raise ExperimentError("app.exec.gives: []: expected what it gives, such as [token]")
    for at, name in enumerate(app.exec.gives):
        if not _VARIABLE.fullmatch(name) or name in app.exec.gives[:at]:
            raise ExperimentError(
                f"app.exec.gives[{at}]: {name}: expected another, of small letters, digits and _"
            )


def _headers(app: AppSettings) -> None:
    lower = {name.lower() for name in app.headers}
    for name, text in app.headers.items():
        if not _TOKEN.fullmatch(name):
            raise ExperimentError(f"app.headers: {name}: expected the name of a header")
        instead = _INSTEAD.get(name.lower())
        if instead is not None:
            raise ExperimentError(f"app.headers.{name}: browsers set it: expected {instead}")
        if not (text.isascii() and text.isprintable()):
            raise ExperimentError(f"app.headers.{name}: expected one line of ASCII text")
    if len(lower) < len(app.headers):
        raise ExperimentError("app.headers: a name occurs twice: expected each once")


def _basic_auth(app: AppSettings) -> None:
    name = app.basic_auth_env
    if name is None:
        return
    key = f"app.basic_auth_env: {name}"
    if not is_environment_name(name):
        raise ExperimentError(
            "app.basic_auth_env: expected the name of a variable of the environment, such as "
            "APP_LOGIN, that holds user:password"
        )
    if app.url is None:
        raise ExperimentError(f"{key}: our demo app has no login: expected null without app.url")
    if login_of(app.url) is not None:
        raise ExperimentError(f"{key}: expected null beside {without_passwords(app.url)}")
    if any(header.lower() == "authorization" for header in app.headers):
        raise ExperimentError(f"{key}: expected null beside app.headers.Authorization")


def _client_certificates(app: AppSettings) -> None:
    for at, each in enumerate(app.client_certificates or ()):
        key = f"app.client_certificates[{at}]"
        for member, path in (("cert", each.cert), ("key", each.key)):
            if path == Path():
                raise ExperimentError(f"{key}.{member}: nothing: expected a PEM file")
        origin = each.origin or app.url or ""
        parts = urlsplit(origin)
        if parts.scheme != "https" or not parts.hostname:
            asked = f"{key}.origin: {each.origin}" if each.origin else f"{key}: app.url {app.url}"
            raise ExperimentError(
                f"{asked}: only TLS has certificates: expected https://host or https://host:port"
            )
        word = each.passphrase
        if word is not None and template_of(word) != f"{{{ENVIRONMENT}{_only(word)}}}":
            raise ExperimentError(f"{key}.passphrase: expected env:NAME: it is not recorded")


def _only(word: str) -> str:
    return next(iter(environment_in(template_of(word))), "")


def _timezone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        known = available_timezones()
        if known:  # else this machine has no list of them
            near = get_close_matches(name, known, 1)
            hint = f": did you mean {near[0]}?" if near else ": expected one such as Europe/Berlin"
            raise ExperimentError(f"app.timezone: {name}: there is none{hint}") from error


def _known(key: str, word: str, known: Iterable[str]) -> None:
    names = tuple(known)
    if word not in names:
        near = get_close_matches(word, names, 1)
        hint = f"did you mean {near[0]}?" if near else f"expected one of {', '.join(names)}"
        raise ExperimentError(f"{key}: {word}: {hint}")
