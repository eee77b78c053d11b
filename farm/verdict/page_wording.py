"""What pages did themselves, in words: as notes, and beside what is wrong since. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from farm.model.moments import moment
from farm.model.page_acts import PageLoad, Reconnection
from farm.model.trial_evidence import Phases, TrialEvidence

ACTED_BEFORE_S = 10.0
"""What a page did so long before something went wrong may be why it did."""

AT_ONCE_S = 0.05

LOADING_S = 1.0
"""A page that loads was gone so long before it had loaded, or less."""


def reconnection_text(act: Reconnection, phases: Phases) -> str:
    """`p001's page closed its connection itself at 24 s of the hold, and opened another 8.0 s
    later`."""
    after = f", after {act.step}," if act.step else ","
    later_s = act.again_s - act.at_s
    return (
        f"{act.probe}'s page closed its connection itself {moment(act.at_s, phases)}{after} "
        f"and opened another {'at once' if later_s < AT_ONCE_S else f'{later_s:.1f} s later'}"
    )


def act_notes(evidence: TrialEvidence) -> list[str]:
    """What pages closed and opened again or loaded by themselves, in the order of time."""
    acts = [(act.at_s, reconnection_text(act, evidence.phases)) for act in evidence.reconnections]
    acts += [
        (
            load.at_s - LOADING_S,
            f"{load.probe}'s page loaded {load.url} by itself {moment(load.at_s, evidence.phases)}",
        )
        for load in evidence.page_loads
        if not load.step
    ]
    return [text for _, text in sorted(acts)]


def load_text(load: PageLoad, phases: Phases) -> str:
    """`p001's page loaded by itself at 27 s of the hold`."""
    how = f"a new document after {load.step}" if load.step else "by itself"
    return f"{load.probe}'s page loaded {how} {moment(load.at_s, phases)}"


def act_before(
    evidence: TrialEvidence, probes: Collection[str], at_s: float, *, but_loads_of: str = ""
) -> str:
    """What one of these probes' pages did first as something went wrong; empty: nothing.

    `at_s` is the begin of the window in which it went wrong. Loads of `but_loads_of` are left out.
    """
    return min(
        (
            (begin_s, text)
            for probe, begin_s, end_s, text in _acts(evidence, but_loads_of)
            if probe in probes
            and begin_s < at_s + evidence.window_s
            and end_s + ACTED_BEFORE_S >= at_s
        ),
        default=(0.0, ""),
    )[1]


def was_away(evidence: TrialEvidence, probe: str, begin_s: float, end_s: float) -> bool:
    """Whether a page was without its connection for some of that time, by what it did itself."""
    return any(
        whose == probe and began_s < end_s and ended_s > begin_s
        for whose, began_s, ended_s, _ in _acts(evidence)
    )


def _acts(
    evidence: TrialEvidence, but_loads_of: str = ""
) -> Iterator[tuple[str, float, float, str]]:
    """Probe, span and text of what pages did; how a page left by a step is said where it left."""
    for load in evidence.page_loads:
        has_left = load.step != "" and load.probe in evidence.left
        if load.probe != but_loads_of and not has_left:
            yield load.probe, load.at_s - LOADING_S, load.at_s, load_text(load, evidence.phases)
    for act in evidence.reconnections:
        yield act.probe, act.at_s, act.again_s, reconnection_text(act, evidence.phases)
