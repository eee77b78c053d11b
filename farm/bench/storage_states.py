"""Reads files of cookies and local storage (`app.storage_state`), for all probes or one each."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from farm.errors import BadInput, ExperimentError
from farm.files.path_beside import is_there
from farm.files.text_file import text_of
from farm.model.json_values import from_text
from farm.model.page_opening import StorageState
from farm.model.template_text import fill_in
from farm.model.trial_plan import ProbePlan, TrialPlan

SETTING = "app.storage_state"
FORM = "expected the JSON of Playwright's context.storage_state()"
COOKIE = ("name", "value", "domain", "path")


def storage_states(template: str | None, plan: TrialPlan) -> Mapping[str, StorageState]:
    """The state of each probe of the plan. Raises BadInput for a file that is missing or wrong."""
    if template is None:
        return {}
    read: dict[Path, StorageState] = {}
    states = {}
    for probe in plan.probes:
        path = _path(template, probe)
        if path not in read:
            read[path] = _read(path, probe)
        states[probe.probe] = read[path]
    return states


def has_expired(cookie: Mapping[str, Any]) -> bool:
    """Whether a cookie of a storage state has; `expires` of -1 is a session's, which has not."""
    expires = cookie.get("expires", -1)
    return isinstance(expires, int | float) and 0 <= expires < time.time()


def useless_parts(state: StorageState, host: str) -> Iterator[str]:
    """Why a state does nothing for pages of this host: all of it is for others, or expired."""
    own = [cookie for cookie in state.cookies() if _is_of(cookie["domain"].lstrip("."), host)]
    stored = [origin for origin in state.origins() if urlsplit(origin).hostname == host]
    if not own and not stored:
        others = {cookie["domain"].lstrip(".") for cookie in state.cookies()}
        others.update(urlsplit(origin).hostname or origin for origin in state.origins())
        yield f"nothing in it is for {host} (app.url), but for {', '.join(sorted(others))}"
    elif own and all(has_expired(cookie) for cookie in own):
        yield f"all its cookies for {host} have expired"


def _is_of(domain: str, host: str) -> bool:
    return host == domain or host.endswith(f".{domain}")


def _path(template: str, probe: ProbePlan) -> Path:
    return Path(fill_in(template, probe.variables)).expanduser()


def _read(path: Path, probe: ProbePlan) -> StorageState:
    try:
        if not is_there(path):
            whose = f"{probe.probe} ({probe.role} of {probe.session})"
            raise BadInput(f"{SETTING}: {path}: no such file, for {whose}")
        text = text_of(path)
    except ExperimentError as error:
        raise BadInput(f"{SETTING}: {error}") from error
    try:
        value = from_text(text)
    except ValueError as error:
        raise BadInput(f"{SETTING}: {path}: not JSON: {FORM}") from error
    wrong = next(_faults(value), None)
    if wrong is not None:
        raise BadInput(f"{SETTING}: {path}: {wrong}: {FORM}")
    return StorageState(value)


def _faults(value: Any) -> Iterator[str]:
    """Why it is no storage state, without any value of it; nothing follows the first."""
    if not isinstance(value, dict):
        yield "it is no object"
        return
    cookies, origins = value.get("cookies", []), value.get("origins", [])
    if not isinstance(cookies, list) or not isinstance(origins, list):
        yield "cookies and origins are no lists"
        return
    if not cookies and not origins:
        yield "it has neither cookies nor origins"
    for at, cookie in enumerate(cookies):
        for key in COOKIE:
            if not isinstance(cookie, dict) or not isinstance(cookie.get(key), str):
                yield f"cookies[{at}] lacks {key}"
    for at, origin in enumerate(origins):
        if not isinstance(origin, dict) or not isinstance(origin.get("origin"), str):
            yield f"origins[{at}] lacks origin"
            return
        stored = origin.get("localStorage")
        if not isinstance(stored, list) or not all(map(_is_item, stored)):
            yield f"origins[{at}] lacks localStorage, a list of names and values"


def _is_item(item: Any) -> bool:
    return isinstance(item, dict) and all(
        isinstance(item.get(key), str) for key in ("name", "value")
    )
