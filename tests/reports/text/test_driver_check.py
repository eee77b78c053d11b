"""The line that says whether a driver works."""

from __future__ import annotations

from dataclasses import replace

import pytest

from farm.model.trial_evidence import JoinOutcome
from farm.results.driver_check import CheckedTrial
from reports.text.driver_check import answer_line
from tests.farm.results.test_driver_hints import member, trial

PROBLEM = "p000 (member of s000) did not join: late"


def failed(*reasons: str) -> CheckedTrial:
    """A trial whose probes did not join, for these reasons."""
    probes = [
        replace(member(name), join=JoinOutcome(name, "s000", False, None, reason, "late"))
        for name, reason in zip(("p000", "p001"), reasons, strict=True)
    ]
    return replace(trial(*probes), problems=(PROBLEM,))


@pytest.mark.parametrize(
    ("reasons", "what"),
    [
        (("timeout", "partner"), "the driver does not work"),
        (("page_error", "signalling"), "the driver does not work"),
        (("media", "partner"), "the driver's steps work, but media do not connect"),
        (("signalling", "timeout"), "the driver may be right, but the page or its server failed"),
        (("dialog", "partner"), "the driver does not get past a dialog of the page"),
        (("dialog", "page_error"), "the driver does not work"),
    ],
)
def test_what_failed_is_the_driver_or_what_it_drives(reasons: tuple[str, str], what: str) -> None:
    assert answer_line([failed(*reasons)]) == f"{what}: {PROBLEM}"


def test_a_driver_that_worked_once_is_said_to() -> None:
    works = trial(member("p000"), member("p001"))
    assert answer_line([works]).startswith("the driver works: 2 of 2 probes joined")
    assert answer_line([works, failed("timeout", "timeout")]) == (
        f"the driver worked in the first trial; in the next the driver does not work: {PROBLEM}"
    )
