"""Steps of a driver in the hold that can never be due are bad input, before anything starts."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.bench.preflight import driver
from farm.errors import BadInput
from farm.experiment_file import parse_experiment

DRIVER = """\
format: 1
media: forwarded
roles:
  member:
    join:
      - goto: "{app_url}"
    after_join:
"""


def check(tmp_path: Path, time: str) -> str:
    """Checks a driver of rooms of three, held for 30 s."""
    text = f"{DRIVER}      - {{{time}, steps: [press: m]}}\n"
    (tmp_path / "d.yaml").write_text(text)
    experiment = parse_experiment(
        "scenario: {kind: group, members: 3}\ntrial: {hold: 30s, window: 10s}\n"
        "app: {url: 'http://h/', driver: ./d.yaml}",
        "an experiment",
    )
    return driver(experiment, tmp_path)


@pytest.mark.parametrize("time", ["at: 29s", "every: 10s", "at: 0s, only: {index: [0, 2]}"])
def test_steps_that_are_due_are_fine(tmp_path: Path, time: str) -> None:
    assert check(tmp_path, time) == "./d.yaml, for member"


@pytest.mark.parametrize(
    ("time", "message"),
    [
        ("at: 30s", "./d.yaml:8: roles.member.after_join: 30s: the hold is 30s"),
        ("every: 1m", "./d.yaml:8: roles.member.after_join: 1m: the hold is 30s"),
        (
            "at: 1s, only: {index: 3}",
            "./d.yaml:8: roles.member.after_join: only: index 3: in a session member has 0, 1, 2",
        ),
    ],
)
def test_steps_that_never_are_are_refused(tmp_path: Path, time: str, message: str) -> None:
    with pytest.raises(BadInput) as caught:
        check(tmp_path, time)
    assert str(caught.value) == message
