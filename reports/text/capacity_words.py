"""A capacity in words: the answer, its interval, and what it rests on. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from farm.model.experiment import ScenarioKind
from farm.model.wording import counted, percent
from farm.results.answer_lines import CPU_TAKEN, bound_words
from reports.wording.phrases import seconds, units_word


def capacity_text(scenario: ScenarioKind, capacity: Mapping[str, Any], state: str) -> str:
    """`18 probes (9 calls)`, with how sure that is before it (`at least`, `most likely`); else
    `unknown`."""
    probes = capacity.get("probes")
    if probes is None:
        return "unknown"
    units = capacity.get("viewers" if scenario == "broadcast" else "sessions")
    carried = "" if units is None else f" ({counted(units, units_word(scenario))})"
    return f"{bound_words(state)}{counted(probes, 'probe')}{carried}"


def interval_text(capacity: Mapping[str, Any]) -> str:
    """`16 to 20 probes`, open where an end is not known."""
    interval = capacity.get("interval_probes")
    if not isinstance(interval, Sequence) or len(interval) != 2 or interval == [None, None]:
        return "not known"
    low, high = interval
    if low is None:
        return f"below {high} probes"
    if high is None:
        return f"{low} probes or more"
    return f"{low} to {high} probes"


def capacity_headline(
    scenario: ScenarioKind, state: str, capacity: Mapping[str, Any], *, judged: bool, taken: bool
) -> str:
    """The answer in a sentence; `judged`: larger loads could be; `taken`: by other programs."""
    text = capacity_text(scenario, capacity, state)
    if text == "unknown":
        if state == "floor_failed":
            return "This server did not hold even the smallest load."
        return "The capacity is unknown: no load was seen to hold."
    if not judged:
        return f"This server holds {text}; more could not be judged."
    if state == "generator_ran_out":
        return f"This server holds {text}; {CPU_TAKEN if taken else 'the generator ran out first'}."
    if state == "drift":
        return f"This server is not what it was: {text} held on the way."
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
            f"That interval is for the largest load at which {percent(reliability)} of holds of "
            f"{seconds(hold_s)} pass.{_prior(capacity)}"
        )
    if capacity.get("recommended_probes") is not None:
        points.append(f"Recommended load: {capacity['recommended_probes']} probes.")
    if capacity.get("breaking_probes") is not None:
        points.append(f"It breaks at {capacity['breaking_probes']} probes.")
    return points


def _prior(capacity: Mapping[str, Any]) -> str:
    """How much of the interval comes from what was assumed, not from trials."""
    sharp, slow = (
        {"interval_probes": capacity.get(f"interval_if_{kind}_probes")}
        for kind in ("sharp", "slow")
    )
    texts = [interval_text(each) for each in (capacity, sharp, slow)]
    if "not known" in texts:
        return " After few trials it leans on what servers usually do (docs/method.md)."
    if len(set(texts)) == 1:
        return " It comes from the trials: with a sharp edge or a slow one it would be the same."
    return (
        " Part of it comes from what servers usually do, not from trials: for one known to fail "
        f"at a sharp edge it would be {texts[1]}, for one known to falter slowly {texts[2]} "
        "(docs/method.md)."
    )
