"""Messages of data channels that are owed: none, no more, too few, and whose fault that is."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from farm.model.criteria import Criteria
from farm.model.data_channels import ChannelEnd, DataInterval
from farm.model.experiment import Experiment, Scenario
from farm.model.trial_evidence import TrialEvidence
from farm.model.verdict import Outcome, Verdict
from farm.planning.trial_planning import plan_trial
from farm.testing.evidence import HOLD_S, good_evidence
from farm.verdict import judge

WINDOWS = 4
STEADY = (100,) * WINDOWS


def plan_of(scenario: Scenario, load: int) -> TrialEvidence:
    plan = plan_trial(
        Experiment(scenario=scenario), load, index=0, purpose="single", hosts=["here"]
    )
    return good_evidence(plan, windows=WINDOWS)


def windows(
    probe: str,
    sent: Sequence[int | None],
    received: Sequence[int | None],
    *,
    label: str | None = "chat",
    channels: int = 1,
) -> list[DataInterval]:
    """A probe's messages in each window; `None`: its page was not polled."""
    return [
        DataInterval(
            probe,
            label,
            at,
            HOLD_S + 10 * at,
            HOLD_S + 10 * at + 10,
            polls=0 if up is None else 10,
            channels=channels,
            sending=channels,
            messages_sent=up,
            messages_received=down,
        )
        for at, (up, down) in enumerate(zip(sent, received, strict=True))
    ]


def judged(
    *changed: list[DataInterval],
    ends: tuple[ChannelEnd, ...] = (),
    evidence: TrialEvidence | None = None,
) -> Verdict:
    """The verdict on a call that owes messages, of which some probes had other ones."""
    evidence = evidence or plan_of(Scenario(data=True), 2)
    of = {probe.probe: windows(probe.probe, STEADY, STEADY) for probe in evidence.plan.probes}
    of |= {each[0].probe: each for each in changed}
    data = tuple(
        interval
        for mine in of.values()
        for interval in [*(dataclasses.replace(each, label=None) for each in mine), *mine]
    )
    evidence = dataclasses.replace(evidence, data=data, channel_ends=ends)
    return judge(evidence, Criteria())


def test_messages_that_come_pass() -> None:
    assert judged().outcome is Outcome.PASS


def test_messages_that_stop_fail_their_receiver_and_name_the_sender() -> None:
    verdict = judged(windows("p000", STEADY, (100, 100, 0, 0)))
    (reason,) = verdict.reasons
    assert verdict.outcome is Outcome.FAIL
    assert (reason.code, reason.probe, reason.session) == ("data", "p000", "s000")
    assert (reason.stream, reason.sender) == ("inbound data", "p001")
    assert reason.at_s == HOLD_S + 20
    assert reason.message == (
        "p000 (s000): got no message of p001 on a data channel in 2 windows, "
        "from 20 s into the hold on"
    )


def test_one_window_without_messages_is_allowed_but_not_the_last() -> None:
    assert judged(windows("p000", STEADY, (100, 0, 200, 100))).outcome is Outcome.PASS
    verdict = judged(windows("p000", STEADY, (100, 100, 100, 0)))
    assert verdict.outcome is Outcome.FAIL
    assert verdict.by_last_window


def test_of_few_messages_the_last_ones_may_be_under_way() -> None:
    """One of the last two seconds is not yet counted; two windows in a row are another thing."""
    few = (2,) * WINDOWS
    sender = windows("p001", few, few)
    assert judged(sender, windows("p000", few, (2, 2, 2, 0))).outcome is Outcome.PASS
    assert judged(sender, windows("p000", (2, 2, 2, 0), few)).outcome is Outcome.PASS
    assert judged(sender, windows("p000", few, (2, 2, 0, 0))).outcome is Outcome.FAIL


def test_messages_of_which_no_label_says_how_many_are_owed_pass_with_a_note() -> None:
    nothing, both = (0,) * WINDOWS, windows("p001", STEADY, STEADY)
    mine = [
        *windows("p000", STEADY, nothing),
        *windows("p000", nothing, STEADY, label="from the server"),
    ]
    whole = [*windows("p000", STEADY, STEADY), *both]
    evidence = dataclasses.replace(
        plan_of(Scenario(data=True), 2),
        data=(*(dataclasses.replace(each, label=None) for each in whole), *mine, *both),
    )
    verdict = judge(evidence, Criteria())
    assert verdict.outcome is Outcome.PASS
    (note,) = (each for each in verdict.notes if "data channels" in each)
    assert note.startswith("how many of the messages of data channels came is not known of p000:")
    assert not any("data channels" in each for each in judged().notes)


def test_a_sender_that_stops_is_the_one_that_fails() -> None:
    quiet = (100, 100, 0, 0)
    verdict = judged(windows("p001", quiet, STEADY), windows("p000", STEADY, quiet))
    assert [(each.probe, each.stream) for each in verdict.reasons] == [("p001", "outbound data")]


def test_no_channel_at_all_is_said() -> None:
    evidence = plan_of(Scenario(data=True), 2)
    nothing = [
        dataclasses.replace(each, label=None)
        for probe in ("p000", "p001")
        for each in windows(probe, (0,) * WINDOWS, (0,) * WINDOWS, channels=0)
    ]
    verdict = judge(dataclasses.replace(evidence, data=tuple(nothing)), Criteria())
    assert {each.message for each in verdict.reasons} == {
        "p000 (s000): sent no message: it had no data channel",
        "p001 (s000): sent no message: it had no data channel",
    }


def test_a_channel_that_closed_is_named_with_whose_act_it_was() -> None:
    for by_page, words in ((True, "was closed by its page"), (False, "closed")):
        end = ChannelEnd("p001", "chat", HOLD_S + 21, "closed", by_page)
        verdict = judged(windows("p001", (100, 100, 10, 0), STEADY), ends=(end,))
        (reason,) = verdict.reasons
        assert reason.message.endswith(f"; data channel 'chat' {words} 21 s into the hold")


@pytest.mark.parametrize(("received", "outcome"), [(90, Outcome.FAIL), (97, Outcome.PASS)])
def test_too_few_messages_fail_where_both_sides_are_known(received: int, outcome: Outcome) -> None:
    got = (received - 5,) * WINDOWS  # two seconds of forty may be under way
    verdict = judged(windows("p000", STEADY, got))
    assert verdict.outcome is outcome
    if outcome is Outcome.FAIL:
        assert verdict.reasons[0].code == "delivered"
        assert "got 340 of 400 messages of p001 on data channel 'chat'" in (
            verdict.reasons[0].message
        )


def test_a_server_may_label_what_it_forwards_with_its_senders_name() -> None:
    nothing, few = (0,) * WINDOWS, (50,) * WINDOWS
    for got, outcome in ((few, Outcome.FAIL), (STEADY, Outcome.PASS)):
        mine = [
            *windows("p000", STEADY, nothing),
            *windows("p000", nothing, got, label="p001"),
        ]
        whole = [dataclasses.replace(each, label=None) for each in windows("p000", STEADY, got)]
        others = windows("p001", STEADY, STEADY)
        evidence = dataclasses.replace(
            plan_of(Scenario(data=True), 2),
            data=(*whole, *mine, *(dataclasses.replace(e, label=None) for e in others), *others),
        )
        verdict = judge(evidence, Criteria())
        assert verdict.outcome is outcome, verdict.reasons
    assert judged(windows("p000", STEADY, few, label="of the server's")).outcome is Outcome.PASS


def test_what_is_not_known_is_not_held_against_anyone() -> None:
    few = (10,) * WINDOWS
    several = windows("p001", STEADY, STEADY, channels=2)
    assert judged(several, windows("p000", STEADY, few)).outcome is Outcome.PASS
    other = windows("p000", STEADY, few, label="other")
    assert judged(other).outcome is Outcome.PASS
    unseen = windows("p000", (100, None, 100, 100), (100, None, 100, 100))
    assert judged(unseen).outcome is Outcome.PASS


def test_all_who_send_media_owe_messages_and_all_who_receive_any_are_owed_them() -> None:
    viewers = plan_of(Scenario(kind="broadcast", data=True), 4).plan.probes
    assert [each.sends_data for each in viewers] == [True, False, False, False]
    assert [each.receives_data for each in viewers] == [(), *[("p000",)] * 3]
    members = plan_of(Scenario(kind="group", members=3, media="forwarded", data=True), 3)
    assert members.plan.probes[1].receives_data == ("p000", "p002")
    assert not any(each.has_data for each in plan_of(Scenario(), 2).plan.probes)


def test_messages_that_nobody_owes_are_not_judged() -> None:
    evidence = plan_of(Scenario(), 2)
    assert judged(windows("p000", (0,) * 4, (0,) * 4), evidence=evidence).outcome is Outcome.PASS
