"""Which probe gets which line."""

from __future__ import annotations

from collections import Counter

from farm.model.experiment import Experiment, NetworkSettings, NetworkShare, Scenario
from farm.model.server_settings import ServerSettings
from farm.model.trial_plan import AccessLink
from farm.planning.access_links import ACCESS_LINKS, access_link_of, warning
from farm.planning.trial_planning import plan_trial

MIX = (NetworkShare("cable", 0.5), NetworkShare("lte", 0.3), NetworkShare("none", 0.2))


def test_a_name_stands_for_its_figures_and_what_is_given_beside_it_wins() -> None:
    assert access_link_of(NetworkSettings(profile="lte"), 3) == AccessLink(
        "lte", 0.035, 0.0, 12_000, 12_000
    )
    own = NetworkSettings(profile="lte", loss=0.02, down=800)
    assert access_link_of(own, 3) == AccessLink("lte", 0.035, 0.02, 12_000, 800)
    assert access_link_of(NetworkSettings(latency_s=0.1), 0) == AccessLink("none", latency_s=0.1)


def test_nothing_asked_for_is_nothing_emulated() -> None:
    assert access_link_of(NetworkSettings(), 0) is None
    assert access_link_of(NetworkSettings(latency_s=0.0, loss=0.0), 0) is None
    assert access_link_of(NetworkSettings(profile="dsl", probes=("p001",)), 0) is None
    assert (
        access_link_of(NetworkSettings(profile="dsl", probes=("p001",)), 1) == ACCESS_LINKS["dsl"]
    )


def test_the_shares_of_a_mix_hold_among_the_first_probes_too() -> None:
    lines = [access_link_of(NetworkSettings(mix=MIX), number) for number in range(100)]
    names = ["none" if line is None else line.profile for line in lines]
    assert Counter(names) == {"cable": 50, "lte": 30, "none": 20}
    for first in range(1, 101):
        got = Counter(names[:first])
        assert all(abs(got[part.profile] - part.share * first) <= 1 for part in MIX)


def test_a_mix_costs_a_plan_no_more_for_a_probe_of_thousands() -> None:
    """Counted, not timed: how often somebody looks at what a share is owed."""
    looks = 0

    class Counted(float):
        def __mul__(self, other: float) -> float:
            nonlocal looks
            looks += 1
            return float(self) * other

    mix = tuple(NetworkShare(part.profile, Counted(part.share)) for part in MIX)
    experiment = Experiment(network=NetworkSettings(mix=mix))
    plan = plan_trial(experiment, 4000, index=0, purpose="single", hosts=["here"])
    names = ["none" if each.line is None else each.line.profile for each in plan.probes]
    assert Counter(names) == {"cable": 2000, "lte": 1200, "none": 800}
    assert looks < 10 * 4000 * len(MIX)


def test_viewers_of_one_broadcast_with_different_lines_are_warned_about() -> None:
    broadcast = Scenario(kind="broadcast")
    told = warning(Experiment(scenario=broadcast, network=NetworkSettings(mix=MIX)))
    assert told is not None
    assert "one slow viewer slows them all" in told
    assert warning(Experiment(scenario=broadcast, network=NetworkSettings(profile="dsl"))) is None
    assert warning(Experiment(network=NetworkSettings(mix=MIX))) is None
    any_server = Experiment(
        scenario=broadcast, network=NetworkSettings(mix=MIX), server=ServerSettings(kurento=None)
    )
    assert warning(any_server) is None
