"""How an experiment's pages are opened: its settings, with the files and secrets they name."""

from __future__ import annotations

import secrets
from pathlib import Path
from urllib.parse import urlsplit

from farm.bench.client_certificates import client_certificates
from farm.bench.environment import environment_login, environment_value
from farm.bench.storage_states import storage_states, useless_parts
from farm.browser.devices import device_named
from farm.drivers import data_of, driver_of, own_names
from farm.drivers.steps import unknown_variables
from farm.errors import BadInput
from farm.model.experiment import Experiment
from farm.model.page_opening import PageOpening
from farm.model.template_text import ENVIRONMENT, environment_in, environment_name, template_of
from farm.model.trial_plan import TrialPlan
from farm.model.wording import counted
from farm.planning.data_rows import rows_of_probes
from farm.planning.load_steps import smallest_load
from farm.planning.trial_planning import plan_trial

LABEL_KEY_BYTES = 32


def page_opening(experiment: Experiment, plan: TrialPlan, beside: Path = Path()) -> PageOpening:
    """The opening of the pages of a plan's probes; `beside` as of `driver_of`. Blocks.

    Raises BadInput that begins with the setting, for what is missing or cannot be used.
    """
    app = experiment.app
    name = app.basic_auth_env
    login = None if name is None else environment_login(name, "app.basic_auth_env")
    headers = {header: template_of(text) for header, text in app.headers.items()}
    driver, data = driver_of(experiment, beside), data_of(experiment, beside)
    rows = {} if data is None else rows_of_probes(data, plan)
    environment = {
        f"{ENVIRONMENT}{variable}": environment_value(variable, f"app.driver: {place}")
        for variable, place in driver.environment.items()
    }
    own = own_names(experiment, beside)
    for header, text in headers.items():
        for complaint in unknown_variables(text, own):
            raise BadInput(f"app.headers.{header}: {complaint}")
        for variable in environment_in(text):
            value = environment_value(variable, f"app.headers.{header}")
            environment[f"{ENVIRONMENT}{variable}"] = value
    token = environment_name(app.token or "")
    if token is not None:
        environment[f"{ENVIRONMENT}{token}"] = environment_value(token, "app.token")
    if experiment.probes.device is not None:
        device_named(experiment.probes.device)
    return PageOpening(
        login=login,
        headers=headers,
        environment=environment,
        own={probe: row.values for probe, row in rows.items()},
        storage_states=storage_states(app.storage_state, plan),
        client_certificates=client_certificates(app.client_certificates or (), app.url),
        permissions=app.permissions,
        locale=app.locale,
        timezone=app.timezone,
        user_agent=app.user_agent,
        device=experiment.probes.device,
        label_key=secrets.token_bytes(LABEL_KEY_BYTES),
    )


def check_opening(experiment: Experiment, load: int, beside: Path = Path()) -> str | None:
    """What opens the pages of that many probes, in words; `None`: no setting does. Blocks.

    Raises BadInput as `page_opening` does.
    """
    plan = plan_trial(experiment, load, index=0, purpose="single", hosts=("here",))
    opening = page_opening(experiment, plan, beside)
    app, parts = experiment.app, []
    if app.data is not None:
        columns = {name for values in opening.own.values() for name in values}
        of_each = ", ".join(sorted(columns)) or "no variable"
        parts.append(f"{counted(load, 'row')} of {app.data.name}, with {of_each} each")
    if app.exec is not None:
        given = ", ".join(app.exec.gives)
        parts.append(f"{given} by {app.exec.command} (app.exec), run before each trial, not now")
    variables = [name.removeprefix(ENVIRONMENT) for name in opening.environment]
    if variables:
        parts.append(f"{', '.join(variables)} of the environment")
    if app.basic_auth_env is not None:
        parts.append(f"basic authentication by {app.basic_auth_env}")
    if opening.headers:
        parts.append(f"headers {', '.join(opening.headers)}")
    if opening.storage_states:
        files = len({id(state) for state in opening.storage_states.values()})
        parts.append(f"{counted(files, 'storage state')} for {counted(load, 'probe')}")
    if opening.client_certificates:
        origins = ", ".join(each.origin for each in opening.client_certificates)
        parts.append(f"client certificates for {origins}")
    for what, value in (
        ("permissions", ", ".join(opening.permissions) or None),
        ("locale", opening.locale),
        ("timezone", opening.timezone),
        ("user agent", opening.user_agent),
        ("device", opening.device),
    ):
        if value is not None:
            parts.append(f"{what} {value}")
    return "; ".join(parts) or None


def opening_warnings(experiment: Experiment, beside: Path = Path()) -> tuple[str, ...]:
    """What is read without an error, and does nothing all the same. Raises BadInput."""
    load = smallest_load(experiment.scenario)
    plan = plan_trial(experiment, load, index=0, purpose="single", hosts=("here",))
    opening = page_opening(experiment, plan, beside)
    host = urlsplit(experiment.app.url or "").hostname
    if not opening.storage_states or host is None:
        return ()
    state = opening.storage_states[plan.probes[0].probe]
    return tuple(f"app.storage_state: {why}" for why in useless_parts(state, host))
