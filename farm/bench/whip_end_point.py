"""The end point of `app.run: whip`, checked as browsers do before they let a page use it (CORS)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from http import HTTPStatus
from typing import Any
from urllib.parse import urlsplit

import aiohttp

from farm.bench.app_page import AnswersBadly, explained, gone
from farm.bench.environment import environment_value
from farm.errors import BadInput
from farm.model.experiment import Experiment
from farm.model.page_address import origin_of
from farm.model.template_text import environment_name
from farm.planning.load_steps import smallest_load
from farm.planning.trial_planning import plan_trial

WITHIN_S = 10.0

UNCHECKED = "--disable-web-security"
"""A flag of Chromium: its pages use any origin, as programs that are no browsers do."""

BELOW = "live/{probe}"
"""The stream of a probe on the embedded server."""


@dataclass(frozen=True, slots=True)
class WhipAddresses:
    """Addresses of WHIP and WHEP; the page fills `{session}` and `{probe}`."""

    publish: str
    play: str


def whip_addresses(experiment: Experiment) -> WhipAddresses:
    """Those of the experiment, else the embedded server's, which has its address by now."""
    app, kurento = experiment.app, experiment.server.kurento
    if app.publish is not None and app.play is not None:
        return WhipAddresses(app.publish, app.play)
    server = f"http://{urlsplit(kurento or '').netloc}"
    return WhipAddresses(f"{server}/{BELOW}/whip", f"{server}/{BELOW}/whep")


def whip_token(experiment: Experiment) -> str | None:
    """The bearer token, from the environment. Raises BadInput if it is not there."""
    name = environment_name(experiment.app.token or "")
    return None if name is None else environment_value(name, "app.token")


def page_settings(experiment: Experiment) -> Mapping[str, Any]:
    """The settings of the page (infra/whip_page). Raises BadInput."""
    addresses = whip_addresses(experiment)
    return {
        "publish": addresses.publish,
        "play": addresses.play,
        "token": whip_token(experiment),
        "trickle": experiment.app.trickle,
    }


async def check_end_point(experiment: Experiment) -> tuple[str, ...]:
    """Ask both addresses of the first session for leave; returns them. Raises BadInput.

    Nothing is asked for an end point that is not the user's.
    """
    app = experiment.app
    if app.publish is None or app.play is None:
        return ()
    load = smallest_load(experiment.scenario)
    plan = plan_trial(experiment, load, index=0, purpose="single", hosts=("here",))
    publisher = next(probe for probe in plan.probes if probe.sends)
    headers = ["content-type"] + ([] if app.token is None else ["authorization"])
    checked = []
    for setting, template in (("app.publish", app.publish), ("app.play", app.play)):
        url = template.replace("{session}", publisher.session).replace("{probe}", publisher.probe)
        await _check(
            setting,
            url,
            headers,
            accept_self_signed=app.accept_self_signed,
            unchecked=UNCHECKED in experiment.probes.flags,
        )
        checked.append(url)
    return tuple(checked)


async def end_point_answers(experiment: Experiment) -> bool:
    """Whether the end point answers again after a reset."""
    try:
        await check_end_point(experiment)
    except BadInput:
        return False
    return True


async def end_point_gone(experiment: Experiment) -> str:
    """Wait until nothing answers there; returns why."""
    return f"the end point is gone: {await gone(partial(check_end_point, experiment))}"


async def _check(
    setting: str, url: str, headers: list[str], *, accept_self_signed: bool, unchecked: bool
) -> None:
    """Send one preflight (Fetch standard, CORS). Raises BadInput naming the setting."""
    origin = "http://127.0.0.1:1"
    asked = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": ",".join(sorted(headers)),
    }
    with explained(setting, url, WITHIN_S):
        async with (
            aiohttp.ClientSession(
                trust_env=False, timeout=aiohttp.ClientTimeout(total=WITHIN_S)
            ) as session,
            session.options(
                url, headers=asked, ssl=not accept_self_signed, allow_redirects=False
            ) as answer,
        ):
            why = None if unchecked else _refusal(answer, origin, headers)
            if why is not None:
                raise AnswersBadly(
                    f"{setting}: {url}: browsers let no page use it: {why}; allow pages of other"
                    f" origins there (CORS), or set probes.flags: [{UNCHECKED}]"
                )


def _refusal(answer: aiohttp.ClientResponse, origin: str, headers: list[str]) -> str | None:
    """Why a browser refuses after this answer to a preflight; `None`: it does not."""
    if not HTTPStatus.OK <= answer.status < HTTPStatus.MULTIPLE_CHOICES:
        return f"OPTIONS answered {answer.status} {answer.reason}"
    allowed = answer.headers.get("Access-Control-Allow-Origin")
    if allowed not in ("*", origin):
        return f"Access-Control-Allow-Origin: {allowed or 'none'}"
    given = answer.headers.get("Access-Control-Allow-Headers", "")
    known = {each.strip().lower() for each in given.split(",")}
    for header in headers:
        # The asterisk does not cover Authorization.
        if header not in known and ("*" not in known or header == "authorization"):
            return f"Access-Control-Allow-Headers lacks {header}"
    return None


def reachable_origin(experiment: Experiment) -> str | None:
    """The origin of the user's end point; `None`: it is the embedded server's."""
    return None if experiment.app.publish is None else origin_of(experiment.app.publish)
