"""Names of data channels with a secret in them: without it, and still told apart."""

from __future__ import annotations

import pytest

from farm.bench.page_opening import page_opening
from farm.browser.channel_labels import ChannelLabels
from farm.browser.message_members import LONGEST_TEXT
from farm.experiment_file import parse_experiment
from farm.model.mask import Mask
from farm.planning.trial_planning import plan_trial

KEY, OTHER_KEY = b"of a trial", b"of another trial"
SECRETS = ["alice", "bob"]


def test_names_that_differ_in_a_secret_stay_apart() -> None:
    labels = ChannelLabels(Mask(SECRETS), KEY)
    to_alice, to_bob = labels("to-alice"), labels("to-bob")
    assert to_alice != to_bob
    assert to_alice.startswith("to-*** #")
    assert to_bob.startswith("to-*** #")


def test_a_name_is_the_same_on_each_host_of_a_trial_and_another_in_the_next() -> None:
    here, there = ChannelLabels(Mask(SECRETS), KEY), ChannelLabels(Mask(SECRETS), KEY)
    assert here("to-alice") == there("to-alice")
    assert here("to-alice") != ChannelLabels(Mask(SECRETS), OTHER_KEY)("to-alice")


def test_names_without_a_secret_stay_as_they_are() -> None:
    assert ChannelLabels(Mask(SECRETS), KEY)("chat ***") == "chat ***"
    assert ChannelLabels(key=KEY)("to-alice") == "to-alice"


def test_without_a_key_there_is_no_digest_that_could_be_tried_out() -> None:
    assert ChannelLabels(Mask(SECRETS))("to-alice") == "to-***"


@pytest.mark.parametrize("beginning", ["", "x" * 497, "x" * 600])
def test_a_long_name_is_cut_behind_what_is_replaced(beginning: str) -> None:
    labels = ChannelLabels(Mask(SECRETS), KEY)
    names = [labels(f"{beginning}alice{'y' * 600}{each}") for each in "12"]
    assert names[0] != names[1]
    assert all(len(name) == LONGEST_TEXT and "ali" not in name for name in names)


def test_each_trial_has_a_key_of_its_own_that_is_shown_nowhere() -> None:
    experiment = parse_experiment("format: 1\nscenario: one_to_one\n", "e.yaml")
    plan = plan_trial(experiment, 2, index=0, purpose="single", hosts=("here",))
    keys = [page_opening(experiment, plan).label_key for _ in range(2)]
    assert keys[0] != keys[1]
    assert all(len(key) == 32 for key in keys)
    assert repr(keys[0]) not in repr(page_opening(experiment, plan))
