"""A probe's settings as options of a Playwright context: login, headers, cookies, device."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from farm.model.page_address import Login, login_of, origin_of
from farm.model.page_opening import PageOpening
from farm.model.template_text import fill_in
from farm.model.trial_plan import ProbePlan

VIEWPORT = {"width": 1280, "height": 720}

CAPTURE = ("camera", "microphone")
"""Granted with any others: Chromium denies what is not in a list of permissions."""


def context_options(
    plan: ProbePlan,
    opening: PageOpening,
    app_url: str,
    devices: Mapping[str, Mapping[str, Any]],
) -> dict[str, Any]:
    """Keywords of `Browser.new_context`; `devices` are Playwright's, by name."""
    device = {} if opening.device is None else dict(devices[opening.device])
    device.pop("default_browser_type", None)  # it is Chromium all the same
    options: dict[str, Any] = {"viewport": VIEWPORT, **device}
    login = opening.login or login_of(app_url)
    if login is not None:
        options["http_credentials"] = _credentials(login, app_url)
    if opening.headers:
        options["extra_http_headers"] = {
            name: fill_in(text, plan.variables) for name, text in opening.headers.items()
        }
    state = opening.storage_states.get(plan.probe)
    if state is not None:
        options["storage_state"] = state.value
    if opening.client_certificates:
        options["client_certificates"] = [
            {
                "origin": each.origin,
                "cert": each.cert,
                "key": each.key,
                **({} if each.passphrase is None else {"passphrase": each.passphrase}),
            }
            for each in opening.client_certificates
        ]
    if opening.permissions:
        options["permissions"] = list(dict.fromkeys((*CAPTURE, *opening.permissions)))
    for name, value in (
        ("locale", opening.locale),
        ("timezone_id", opening.timezone),
        ("user_agent", opening.user_agent),
    ):
        if value is not None:
            options[name] = value
    return options


def _credentials(login: Login, app_url: str) -> dict[str, Any]:
    """Credentials that are sent to the app's origin only, when it asks for them.

    They are not left in the address: pages loaded from such an address cannot `fetch`.
    """
    return {
        "username": login.user,
        "password": login.password,
        "origin": origin_of(app_url),
        "send": None,
    }
