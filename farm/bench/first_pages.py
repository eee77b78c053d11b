"""The first pages that probes open, by `app.url` and the driver."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from farm.bench.page_opening import page_opening
from farm.drivers import driver_of
from farm.drivers.steps import step_for
from farm.model.driver import STEP_WITHIN_S, Goto, Http, is_file_name
from farm.model.experiment import Experiment
from farm.model.page_address import app_address
from farm.model.page_opening import PageOpening
from farm.model.template_text import fill_in, names_in
from farm.planning.load_steps import smallest_load
from farm.planning.trial_planning import driver_name, plan_trial


@dataclass(frozen=True, slots=True)
class FirstPage:
    """The address that a probe with these variables opens first.

    `place` is the step that opens it, `goto of my_app.yaml:5`, in a driver of the user's own.
    It has `within_s` for it. `late`: an `http` step comes before, or it needs what `app.exec`
    gives, so that some of the request is known only in a trial.
    """

    url: str
    probe: str
    variables: Mapping[str, str]
    place: str = ""
    late: bool = False
    within_s: float = STEP_WITHIN_S


@dataclass(frozen=True, slots=True)
class FirstPages:
    """The first page of the first probe of each role, and how it is opened.

    Each address is there once, by the role whose step has longest for it.
    """

    pages: tuple[FirstPage, ...]
    opening: PageOpening


def first_pages(experiment: Experiment, beside: Path = Path()) -> FirstPages:
    """Those of the smallest load; none without `app.url`. Blocks.

    Raises BadInput for a driver that cannot be read, and for a file or secret that is missing.
    """
    load = smallest_load(experiment.scenario)
    plan = plan_trial(experiment, load, index=0, purpose="single", hosts=("here",))
    opening = page_opening(experiment, plan, beside)
    url = experiment.app.url
    if url is None:
        return FirstPages((), opening)
    roles = driver_of(experiment, beside).roles
    of_user = is_file_name(driver_name(experiment))
    first = {probe.role: probe for probe in reversed(plan.probes)}
    pages: dict[str, FirstPage] = {}
    for role in (role for role in roles if role in first):
        probe = first[role]
        own = opening.variables(probe.probe)
        variables = {**probe.variables, **own, "app_url": app_address(url)}
        steps = [step_for(step, variables) for step in roles[role].join]
        at = next((at for at, step in enumerate(steps) if isinstance(step, Goto)), len(steps))
        goto = next((step for step in steps[at:] if isinstance(step, Goto)), None)
        opened = "" if goto is None else goto.url
        texts = (opened, *(fill_in(text, variables) for text in opening.headers.values()))
        late = any(isinstance(step, Http) for step in steps[:at]) or any(map(names_in, texts))
        if goto is not None and urlsplit(opened).scheme in ("http", "https"):
            place = f"goto of {goto.place}" if of_user else ""
            page = FirstPage(opened, probe.probe, variables, place, late, goto.within_s)
            known = pages.get(opened)
            if known is None or known.within_s < page.within_s:
                pages[opened] = page
    if not pages:
        probe = plan.probes[0]
        variables = {**probe.variables, **opening.variables(probe.probe)}
        return FirstPages(
            (FirstPage(app_address(url), probe.probe, variables),),
            opening,
        )
    return FirstPages(tuple(pages.values()), opening)
