"""Carry plans out: make the calls, wait until their results are visible, and plan again.

A call that AWS answers with "not there yet" or "exists already" is no failure: the next round plans
from what exists by then.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from farm.errors import BadInput, CloudError, FarmError, NoCapacity, NotThereYet
from infra.aws.cloud import Cloud
from infra.aws.look import observe
from infra.aws.plan import ending, one_by_one, plan
from infra.aws.refusals import TokenSpent
from infra.aws.resources import Call, Observed, RegionFacts, Wanted

Say = Callable[[str], None]

READY_WITHIN_S = 600.0
GONE_WITHIN_S = 900.0
ROUND_S = 4.0
FIRST_PAUSE_S = 0.25
"""The first pause between rounds; pauses grow to `round_s` while nothing changes."""
TOKENS = 20


@dataclass(frozen=True, slots=True)
class Patience:
    """How long to wait for AWS, and the clock that measures it."""

    ready_s: float = READY_WITHIN_S
    gone_s: float = GONE_WITHIN_S
    round_s: float = ROUND_S
    sleep: Callable[[float], None] = field(default=time.sleep)
    now: Callable[[], float] = field(default=time.monotonic)


def provide(
    cloud: Cloud,
    wanted: Wanted,
    facts: Mapping[str, RegionFacts],
    say: Say,
    patience: Patience = Patience(),
) -> Observed:
    """Create and repair until everything wanted exists; returns what exists then.

    If nothing existed at first and a creation fails, what was created is removed before the error
    is raised. Raises BadInput, CloudError.
    """
    there = observe(cloud, wanted.everywhere, wanted.run)
    fresh = not there.anything
    try:
        return _until_there(cloud, wanted, facts, there, say=say, patience=patience)
    except BaseException as error:
        if fresh:
            _take_back(cloud, wanted, error, say, patience)
        raise


def remove(
    cloud: Cloud,
    run: str,
    regions: Iterable[str],
    say: Say,
    patience: Patience = Patience(),
) -> Observed:
    """Remove everything of a run and wait until it is gone; returns what is left after the wait.

    What AWS refuses to remove is reported once, and the rest is still removed.
    """
    asked = tuple(regions)
    denied: set[tuple[str, str]] = set()
    end_s = patience.now() + patience.gone_s
    told: set[str] = set()
    before: Observed | None = None
    pause_s = FIRST_PAUSE_S
    while True:
        there = observe(cloud, asked, run)
        if not there.anything:
            return Observed()
        if patience.now() > end_s:
            return there
        step = ending(there)
        calls = [call for call in step.calls if _key(call) not in denied]
        made = _carry_out(cloud, calls, say, denied)
        _tell(step.waits, told, say)
        if denied and not calls and not any(m.state == "shutting-down" for m in there.machines):
            return there
        pause_s = FIRST_PAUSE_S if there != before else min(2 * pause_s, patience.round_s)
        if step.waits or made.refused or there == before:
            patience.sleep(pause_s)
        before = there


def _until_there(
    cloud: Cloud,
    wanted: Wanted,
    facts: Mapping[str, RegionFacts],
    there: Observed,
    *,
    say: Say,
    patience: Patience,
) -> Observed:
    end_s = patience.now() + patience.ready_s
    told: set[str] = set()
    made: frozenset[str] = frozenset()
    pause_s = FIRST_PAUSE_S
    while True:
        if made <= there.ids:
            step = plan(wanted, facts, there)
            if step.done:
                return there
            carried = _carry_out(cloud, step.calls, say)
            made |= carried.ids
            _tell(step.waits, told, say)
            if not step.calls or carried.refused:
                patience.sleep(pause_s)
        else:
            patience.sleep(pause_s)
        if patience.now() > end_s:
            raise CloudError(
                f"run {wanted.run} is not complete after {patience.ready_s:g} s: call again, or"
                f" farm teardown {wanted.run}"
            )
        before, there = there, observe(cloud, wanted.everywhere, wanted.run)
        pause_s = FIRST_PAUSE_S if there != before else min(2 * pause_s, patience.round_s)


@dataclass(frozen=True, slots=True)
class _Carried:
    """The ids of what was created; they have to be visible before the next plan."""

    ids: frozenset[str]
    refused: bool


def _key(call: Call) -> tuple[str, str]:
    return call.region, call.says


def _carry_out(
    cloud: Cloud, calls: Iterable[Call], say: Say, denied: set[tuple[str, str]] | None = None
) -> _Carried:
    """Make the calls; returns the ids that they created.

    A call that AWS refuses for good goes into `denied` and is tried machine by machine; without
    `denied` the refusal raises.
    """
    made: set[str] = set()
    refused = False
    for call in calls:
        say(f"{call.region}: {call.says}")
        try:
            made |= _ids(_first_with_capacity(cloud, call, say))
        except NotThereYet as error:
            refused = True
            say(f"  not yet: {error}")
        except (BadInput, CloudError) as error:
            if denied is None:
                raise
            denied.add(_key(call))
            say(f"  refused: {error}")
            each = _carry_out(cloud, one_by_one(call), say, denied)
            refused = refused or each.refused
    return _Carried(frozenset(made), refused)


def _first_with_capacity(cloud: Cloud, call: Call, say: Say) -> dict[str, Any]:
    """Try all types and zones. Raises NoCapacity when AWS has none in any."""
    for attempt, params in enumerate(call.either, 1):
        try:
            return _with_a_new_token(cloud, call, params)
        except NoCapacity as error:
            if attempt == len(call.either):
                tried = len(call.either)
                raise NoCapacity(
                    f"{call.says}: {error} (tried {tried} of type and zone; other_types: allows "
                    "more, and so does another region)"
                ) from error
            say(f"  {error}; trying the next")
    raise NoCapacity(
        f"{call.says}: no zone of {call.region} has both this type and a default"
        f" subnet: another type, or aws ec2 create-default-subnet --region {call.region}"
        " --availability-zone ZONE"
    )


def _with_a_new_token(cloud: Cloud, call: Call, params: Mapping[str, Any]) -> dict[str, Any]:
    """Launch with the first client token that is unused: AWS refuses those of ended instances."""
    asked = dict(params)
    for _ in range(TOKENS):
        try:
            return cloud.call(call.operation, call.region, **asked)
        except TokenSpent:
            spent = str(asked["ClientToken"])
            asked["ClientToken"] = hashlib.sha256(spent.encode()).hexdigest()[: len(spent)]
    raise CloudError(f"{call.says}: {TOKENS} machines of this name have ended in this run")


def _ids(answer: Mapping[str, Any]) -> set[str]:
    """The ids in the answer to a call that creates something; empty for other calls."""
    instances = answer.get("Instances", ())
    names = ("GroupId", "KeyPairId")
    found = {str(answer[name]) for name in names if name in answer}
    if "PublicIp" in answer:
        found.add(str(answer["AllocationId"]))
    return found | {str(instance["InstanceId"]) for instance in instances}


def _take_back(
    cloud: Cloud, wanted: Wanted, error: BaseException, say: Say, patience: Patience
) -> None:
    say(f"that failed ({str(error) or type(error).__name__}); removing what was created")
    try:
        left = remove(cloud, wanted.run, wanted.everywhere, say, patience)
    except FarmError as trouble:
        say(f"it could not be removed ({trouble}): farm teardown {wanted.run}")
        return
    if left.anything:
        say(f"not all of it is gone: farm teardown {wanted.run}")


def _tell(waits: Iterable[str], told: set[str], say: Say) -> None:
    """Report each thing that is waited for, once."""
    for wait in waits:
        if wait not in told:
            told.add(wait)
            say(f"waiting: {wait}")
