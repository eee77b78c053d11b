"""A capacity in words: the answer, its interval, and what it rests on. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from farm.model.experiment import ScenarioKind
from farm.model.wording import counted, percent
from farm.results.answer_lines import CPU_TAKEN, bound_words, no_load_words, sessions_words
from reports.wording.phrases import seconds

_NO_LOAD = {
    "floor_failed": "Even the smallest load failed.",
    "driver_failed": "The capacity is unknown: steps of the driver failed, so that too few trials "
    "tell of the server.",
}


def capacity_text(scenario: ScenarioKind, capacity: Mapping[str, Any], state: str) -> str:
    """The capacity in words: `at least 18 probes (9 calls)`, or `unknown`."""
    probes = capacity.get("probes")
    if probes is None:
        return "unknown"
    is_known = capacity.get("sessions") is not None
    carried = f" ({sessions_words(scenario, capacity)})" if is_known else ""
    return f"{bound_words(state)}{counted(probes, 'probe')}{carried}"


def interval_text(capacity: Mapping[str, Any]) -> str:
    """The capacity's interval in words: `16 to 20 probes`, open where an end is unknown."""
    interval = capacity.get("interval_probes")
    if not isinstance(interval, Sequence) or len(interval) != 2 or interval == [None, None]:
        return "not known"
    low, high = interval
    if low is None:
        return f"{counted(high, 'probe')} or fewer"
    if high is None:
        return f"{counted(low, 'probe')} or more"
    return f"{low} to {counted(high, 'probe')}"


def capacity_headline(
    scenario: ScenarioKind,
    state: str,
    capacity: Mapping[str, Any],
    tried: Iterable[tuple[int, str]],
    *,
    judged: bool,
    taken: bool,
) -> str:
    """The answer in a sentence; `judged`: larger loads could be; `taken`: by other programs.

    `tried` are the loads of the trials with their outcomes.
    """
    text = capacity_text(scenario, capacity, state)
    if text == "unknown":
        words = no_load_words(tried)
        return _NO_LOAD.get(state, f"The capacity is unknown: {words[0].lower()}{words[1:]}.")
    if not judged:
        return f"This server holds {text}; more could not be judged."
    if state == "generator_ran_out":
        why = CPU_TAKEN if taken else "the load generator saturated first"
        return f"This server holds {text}; {why}."
    if state == "drift":
        return f"This server changed during the search: {text} passed at some point during it."
    return f"This server holds {text}."


def capacity_points(capacity: Mapping[str, Any]) -> list[str]:
    """The interval and what it is for, the recommended load, and where it breaks."""
    points = []
    known = any(end is not None for end in capacity.get("interval_probes") or ())
    if known:
        confidence = capacity.get("confidence")
        sure = f" with {percent(confidence)} confidence" if confidence else ""
        points.append(f"The capacity lies at {interval_text(capacity)}{sure}.")
    reliability, hold_s = capacity.get("reliability"), capacity.get("hold_s")
    if known and reliability and hold_s:
        points.append(
            f"That interval is for the largest load at which {percent(reliability)} of trials of "
            f"{seconds(hold_s)} pass.{_prior(capacity)}"
        )
    if capacity.get("recommended_probes") is not None:
        points.append(f"Recommended load: {counted(capacity['recommended_probes'], 'probe')}.")
    if capacity.get("breaking_probes") is not None:
        breaking = counted(capacity["breaking_probes"], "probe")
        points.append(f"Smallest load that fails more often than it passes: {breaking}.")
    return points


def _prior(capacity: Mapping[str, Any]) -> str:
    """How much of the interval comes from prior assumptions, not from trials."""
    sharp, slow = (
        {"interval_probes": capacity.get(f"interval_if_{kind}_probes")}
        for kind in ("sharp", "slow")
    )
    texts = [interval_text(each) for each in (capacity, sharp, slow)]
    if "not known" in texts:
        return " After few trials it depends on prior assumptions (docs/method.md)."
    if len(set(texts)) == 1:
        return (
            " It comes from the trials: whether the server fails abruptly or gradually, it would "
            "be the same."
        )
    return (
        " Part of it comes from prior assumptions, not from trials: for a server known to fail "
        f"abruptly it would be {texts[1]}, for one known to fail gradually {texts[2]} "
        "(docs/method.md)."
    )
