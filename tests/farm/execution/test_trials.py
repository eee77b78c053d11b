"""A search told with fakes: baselines first, the ladder climbed, nothing done twice."""

from __future__ import annotations

from collections.abc import Callable

from farm.errors import GeneratorError, ServerLost
from farm.execution.trials import Trials, find_capacity
from farm.model.experiment import Experiment, SearchSettings, TrialSettings
from farm.model.server_samples import Footprint, ResetReport
from farm.model.trial_evidence import Fault, TrialEvidence
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.search.capacity_estimate import CapacityEstimate
from farm.search.capacity_search import CapacitySearch
from farm.testing import FakeStore, FakeWorld
from tests.farm.trial_evidence import good, losing, spoilt, with_fault, with_host

Seen = Callable[[TrialEvidence], TrialEvidence]

SETTINGS = Experiment(
    trial=TrialSettings(settle_s=1.0, hold_s=20.0), search=SearchSettings(invalid_retries=1)
)


async def searched(
    store: FakeStore,
    *,
    world: FakeWorld | None = None,
    done: tuple[TrialResult, ...] = (),
    known: tuple[TrialEvidence, ...] = (),
    budget_s: float | None = None,
    drift_every: int | None = None,
) -> CapacityEstimate:
    world = world or FakeWorld()
    trials = Trials(SETTINGS, world.world(), store, ["here"], done)
    search = CapacitySearch(2, 16, 2, invalid_retries=1)
    story = find_capacity(
        trials, search, 2, known=known, budget_s=budget_s, drift_every=drift_every
    )
    return await world.clock.play(story)


async def test_two_baselines_then_doubling_then_the_gap_then_the_boundary() -> None:
    store = FakeStore(capacity=6)
    estimate = await searched(store)
    assert (estimate.state, estimate.probes) == ("converged", 6)
    loads = [result.load for result in store.kept]
    assert loads[:5] == [2, 2, 4, 8, 6]
    assert [result.purpose for result in store.kept[:3]] == ["baseline", "baseline", "search"]
    assert [result.index for result in store.kept] == list(range(len(loads)))


async def test_each_trial_is_in_the_journal_before_and_after() -> None:
    store = FakeStore(capacity=2)
    await searched(store)
    kinds = [kind for kind, _ in store.entries if kind.startswith("trial")]
    assert kinds == ["trial_started", "trial_ended"] * len(store.kept)


async def test_a_search_taken_up_again_repeats_no_finished_trial() -> None:
    whole = FakeStore(capacity=6)
    await searched(whole)
    for cut in range(1, len(whole.kept)):
        done = tuple(whole.kept[:cut])
        known = tuple(
            good(load=result.load, index=result.index)
            for result in done
            if result.purpose == "baseline"
        )
        rest = FakeStore(capacity=6)
        estimate = await searched(rest, done=done, known=known)
        assert (estimate.state, estimate.probes) == ("converged", 6)
        assert [(result.index, result.load) for result in (*done, *rest.kept)] == [
            (result.index, result.load) for result in whole.kept
        ]


async def test_a_starved_generator_ends_it_after_its_retries() -> None:
    store = FakeStore(
        capacity=16, spoil=lambda evidence: with_host(evidence, range(30, 60), cpu_percent=99.0)
    )
    estimate = await searched(store)
    assert estimate.state == "generator_ran_out"
    assert [result.verdict.outcome for result in store.kept] == [Outcome.INVALID] * 2


async def test_a_trial_in_which_the_generator_breaks_is_invalid_and_tried_again() -> None:
    world = FakeWorld()
    unreadable = GeneratorError("host here: its clock cannot be read")

    def broken_in_the_second(number: int, like: Footprint | None) -> ResetReport:
        world.host.breaks = {"clock": unreadable} if number == 2 else {}
        return ResetReport(True, 1, like)

    world.server.on_reset = broken_in_the_second
    store = FakeStore(capacity=2)
    await searched(store, world=world)
    assert [result.load for result in store.kept][:3] == [2, 2, 2]
    verdicts = [result.verdict for result in store.kept][:3]
    assert [verdict.outcome.value for verdict in verdicts] == ["pass", "invalid", "pass"]
    assert [(reason.code, reason.message) for reason in verdicts[1].reasons] == [
        ("host_lost", "host here: its clock cannot be read")
    ]


async def test_a_server_that_dies_twice_in_a_row_is_lost() -> None:
    store = FakeStore(
        capacity=16,
        spoil=lambda evidence: (
            with_fault(evidence, Fault("server_died", 40.0, "gone"))
            if evidence.plan.load > 2
            else evidence
        ),
    )
    estimate = await searched(store)
    assert estimate.state == "server_lost"
    assert [result.load for result in store.kept][:2] == [2, 2]


async def test_a_server_that_cannot_be_reset_any_more_is_lost() -> None:
    world = FakeWorld()

    def until_the_third(number: int, like: Footprint | None) -> ResetReport:
        if number == 4:
            raise ServerLost("203.0.113.10 does not answer")
        return ResetReport(True, 1, like)

    world.server.on_reset = until_the_third
    store = FakeStore(capacity=16)
    estimate = await searched(store, world=world)
    assert estimate.state == "server_lost"
    assert len(store.kept) == 3
    assert any("does not answer" in note for note in world.observer.notes)


async def test_a_server_that_is_lost_before_the_first_baseline_is_lost() -> None:
    world = FakeWorld()
    world.server.breaks = {"reset": ServerLost("203.0.113.10 does not answer")}
    estimate = await searched(FakeStore(capacity=16), world=world)
    assert (estimate.state, estimate.probes) == ("server_lost", None)


async def test_no_trial_is_begun_that_the_budget_does_not_hold() -> None:
    store = FakeStore(capacity=16)
    estimate = await searched(store, budget_s=100.0)
    assert estimate.state == "out_of_trials"
    assert len(store.kept) < 5


def slower_from(index: int, share: float = 0.85) -> Seen:
    """The server's CPU, and the rate it lets through, change with the trial of that index."""

    def spoil(evidence: TrialEvidence) -> TrialEvidence:
        if evidence.plan.index < index:
            return evidence
        return spoilt(
            evidence,
            lambda interval: (
                {"bitrate_bps": 500_000 * share}
                if (interval.direction, interval.kind) == ("inbound", "video")
                else None
            ),
        )

    return spoil


async def test_the_smallest_load_is_tried_again_in_between_and_at_the_end() -> None:
    store = FakeStore(capacity=6)
    estimate = await searched(store, drift_every=3)
    assert (estimate.state, estimate.probes) == ("converged", 6)
    purposes = [result.purpose for result in store.kept]
    assert purposes[:6] == ["baseline", "baseline", "search", "search", "search", "drift"]
    assert purposes[-1] == "drift"
    assert {result.load for result in store.kept if result.purpose == "drift"} == {2}


async def test_invalid_looks_for_drift_leave_the_answer_as_it_is() -> None:
    def spoil(evidence: TrialEvidence) -> TrialEvidence:
        look = evidence.plan.purpose == "drift"
        return with_host(evidence, range(30, 60), cpu_percent=99.0) if look else evidence

    calm, spoilt = FakeStore(capacity=6), FakeStore(capacity=6, spoil=spoil)
    answer = await searched(calm)
    estimate = await searched(spoilt, drift_every=3)
    assert (estimate.state, estimate.probes) == ("converged", 6)
    assert estimate.interval == answer.interval
    asked = [result.load for result in spoilt.kept if result.purpose != "drift"]
    assert asked == [result.load for result in calm.kept]
    assert [result.purpose for result in spoilt.kept[-2:]] == ["drift", "drift"]
    notes = [facts["text"] for kind, facts in spoilt.entries if kind == "note"]
    assert notes[-1].startswith("the last drift check was invalid")


async def test_a_server_that_changes_on_the_way_ends_the_search_as_drift() -> None:
    world = FakeWorld()
    store = FakeStore(capacity=6, spoil=slower_from(4))
    estimate = await searched(store, world=world, drift_every=3)
    assert estimate.state == "drift"
    assert [result.purpose for result in store.kept][-2:] == ["drift", "drift"]
    assert any("received video 425 kbit/s, at first 500 kbit/s" in n for n in world.observer.notes)


async def test_a_search_that_broke_off_between_two_looks_makes_the_second_one() -> None:
    whole = FakeStore(capacity=6, spoil=slower_from(4))
    await searched(whole, drift_every=3)
    done = tuple(whole.kept[:-1])
    known = tuple(good(index=index) for index in (0, 1))
    rest = FakeStore(capacity=6, spoil=slower_from(4))
    estimate = await searched(rest, done=done, known=known, drift_every=3)
    assert estimate.state == "drift"
    assert [(result.index, result.purpose) for result in rest.kept] == [(len(done), "drift")]


async def test_the_budget_keeps_room_for_the_last_look() -> None:
    world, store = FakeWorld(), FakeStore(capacity=16)
    estimate = await searched(store, world=world, budget_s=200.0, drift_every=9)
    assert estimate.state == "out_of_trials"
    assert store.kept[-1].purpose == "drift"
    assert world.clock.run_s() <= 200.0


async def test_without_a_baseline_nothing_is_compared() -> None:
    store = FakeStore(capacity=0)
    await searched(store, drift_every=1)
    assert "drift" not in {result.purpose for result in store.kept}


def broken_in(*indices: int) -> Seen:
    """Half of all is lost in the trials of those indices."""

    def spoil(evidence: TrialEvidence) -> TrialEvidence:
        if evidence.plan.index not in indices:
            return evidence
        return spoilt(
            evidence,
            lambda each: losing(0.5) if each.direction == "inbound" else None,
        )

    return spoil


async def test_one_trial_that_failed_does_not_cost_a_search_its_baseline() -> None:
    world, store = FakeWorld(), FakeStore(capacity=2, spoil=broken_in(0))
    await searched(store, world=world)
    first = [(each.purpose, str(each.verdict.outcome)) for each in store.kept[:3]]
    assert first == [("baseline", "fail"), ("baseline", "pass"), ("baseline", "pass")]
    assert not any("no baseline" in note for note in world.observer.notes)


async def test_two_trials_that_failed_do() -> None:
    world, store = FakeWorld(), FakeStore(capacity=2, spoil=broken_in(0, 1))
    await searched(store, world=world)
    assert [each.purpose for each in store.kept].count("baseline") == 2
    assert any("no baseline" in note for note in world.observer.notes)


async def test_baselines_that_never_agree_are_given_up_and_it_is_said() -> None:
    targets_bps = iter([500_000, 400_000, 300_000, 200_000])

    def slower(evidence: TrialEvidence) -> TrialEvidence:
        if evidence.plan.purpose != "baseline":
            return evidence
        target_bps = next(targets_bps)
        return spoilt(evidence, lambda _: {"target_bitrate_bps": target_bps})

    world = FakeWorld()
    store = FakeStore(capacity=2, spoil=slower)
    await searched(store, world=world)
    assert [result.purpose for result in store.kept].count("baseline") == 4
    assert any("no baseline" in note for note in world.observer.notes)


async def test_taken_up_again_the_first_reset_is_verified_against_the_runs_own() -> None:
    world, fresh = FakeWorld(), Footprint(2.0, 26_000_000, 30, 40)
    trials = Trials(SETTINGS, world.world(), FakeStore(capacity=16), ["here"], fresh=fresh)
    await world.clock.play(trials.measure(2, "search"))
    assert world.server.reset_like == [fresh]
