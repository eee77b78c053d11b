"""Messages of data channels that are owed: none, no more, too few, and whose fault that is."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence

import pytest

from farm.model.criteria import Criteria
from farm.model.data_channels import ChannelEnd, DataInterval
from farm.model.experiment import Experiment, Scenario
from farm.model.session_roles import SERVER, SessionRole
from farm.model.trial_evidence import Fault, FaultKind, TrialEvidence
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
    first: Sequence[int] | None = None,
    late: Sequence[int] | None = None,
) -> list[DataInterval]:
    """A probe's messages in each window; `None`: its page was not polled.

    They are sent evenly unless it is said how many each window's first poll counts, and those of
    its last two seconds.
    """
    first = first or [(each or 0) // 10 for each in sent]
    late = late or [(each or 0) // 5 for each in sent]
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
            first_messages_sent=first[at],
            last_messages_sent=late[at],
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
    count = len(changed[0]) if changed else WINDOWS
    if count != WINDOWS:
        evidence = good_evidence(evidence.plan, windows=count)
    steady = STEADY[:1] * count
    of = {probe.probe: windows(probe.probe, steady, steady) for probe in evidence.plan.probes}
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


def of_sparse(
    sent: Sequence[int],
    received: Sequence[int],
    *,
    first: Sequence[int] | None = None,
    late: Sequence[int] | None = None,
) -> Verdict:
    """The verdict on a call in which p000 is to receive p001's few messages."""
    steady = (100,) * len(sent)
    return judged(
        windows("p001", sent, steady, first=first, late=late), windows("p000", steady, received)
    )


def test_of_few_messages_the_last_ones_may_be_under_way() -> None:
    """One of the last two seconds is not yet counted; two windows in a row are another thing."""
    few = (2,) * WINDOWS
    assert of_sparse(few, (2, 2, 2, 0), late=few).outcome is Outcome.PASS
    assert of_sparse(few, (2, 2, 0, 0), late=few).outcome is Outcome.FAIL
    verdict = judged(windows("p001", few, few), windows("p000", (2, 2, 2, 0), few))
    assert verdict.outcome is Outcome.PASS


@pytest.mark.parametrize(
    "sent",
    [(1, 0, 1, 0, 1, 0), (0, 1, 0, 1, 0, 1), (1, 0, 1, 0), (1, 0), (0, 1), (1, 1)],
)
def test_a_receiver_of_no_message_at_all_fails_however_rare_they_are(sent: Sequence[int]) -> None:
    verdict = of_sparse(sent, [0] * len(sent))
    (reason,) = verdict.reasons
    assert (verdict.outcome, reason.code, reason.probe) == (Outcome.FAIL, "data", "p000")
    assert reason.message == "p000 (s000): got no message of p001 on a data channel"


def test_rare_messages_that_stop_fail_their_receiver() -> None:
    verdict = of_sparse((1, 0, 1, 0, 1, 0), (1, 0, 0, 0, 0, 0))
    (reason,) = verdict.reasons
    assert reason.message == (
        "p000 (s000): got no message of p001 on a data channel in 2 windows, "
        "from 20 s into the hold on"
    )


@pytest.mark.parametrize("received", [(0, 1, 0, 1, 0, 1), (1, 0, 0, 1, 1, 0)])
def test_a_rare_message_may_come_in_the_window_after_that_in_which_it_was_sent(
    received: Sequence[int],
) -> None:
    assert of_sparse((1, 0, 1, 0, 1, 0), received).outcome is Outcome.PASS


def test_messages_that_all_may_have_come_outside_of_the_hold_pass_with_a_note() -> None:
    verdict = of_sparse((1, 0, 1), (0, 0, 0), first=(1, 0, 0), late=(0, 0, 1))
    assert verdict.outcome is Outcome.PASS
    (note,) = (each for each in verdict.notes if "data channels" in each)
    assert note == (
        "whether messages of data channels come is not known of p000: the few that were sent in "
        "the hold may have come before it, or after it"
    )
    verdict = of_sparse((1, 0, 2), (0, 0, 0), first=(1, 0, 0), late=(0, 0, 1))
    assert verdict.outcome is Outcome.FAIL, "one was sent in time"


@pytest.mark.parametrize(
    ("received", "outcome"),
    [((2, 2), Outcome.FAIL), ((3, 3), Outcome.FAIL), ((3, 4), Outcome.PASS)],
)
def test_of_few_messages_no_more_may_be_missing_than_were_sent_at_the_edges_of_the_hold(
    received: Sequence[int], outcome: Outcome
) -> None:
    verdict = of_sparse((4, 4), received, first=(0, 1), late=(2, 1))
    assert verdict.outcome is outcome, verdict.reasons
    both = of_sparse((4, 4), (3, 3), first=(1, 0), late=(0, 1))
    assert both.outcome is Outcome.PASS, "one came before the hold, one is under way"


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
    got = (received - 5,) * WINDOWS  # a second before the hold, and two at its end, of forty
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


# ---------------------------------------------------------------- messages of the server's own

ANSWERED = SessionRole("user", (), receives=(), sends_data=True, receives_data=(SERVER,))
LISTENER = SessionRole("user", (), receives=(), receives_data=(SERVER,))


NOTHING = (0,) * WINDOWS

Silences = Sequence[tuple[float | None, float]]
"""Of each window the longest silence that ended in it, and how long it lasted at its end."""

NOT_KNOWN = (
    "whether the server goes on to send messages on data channels is not known of p000: the hold "
    "ended before another one had to come"
)


def of_server(
    role: SessionRole,
    sent: Sequence[int],
    received: Sequence[int],
    *,
    silences: Silences | None = None,
    late: Sequence[int] | None = None,
) -> Verdict:
    """The verdict on a page that is owed messages of the server's own, silent for so long."""
    evidence = plan_of(Scenario(kind="custom", roles=(role,)), 1)
    mine = windows("p000", sent, received, late=late)
    return judged(silent(mine, silences) if silences else mine, evidence=evidence)


def silent(mine: list[DataInterval], silences: Silences) -> list[DataInterval]:
    return [
        dataclasses.replace(each, silence_s=ended_s, silent_at_end_s=at_end_s)
        for each, (ended_s, at_end_s) in zip(mine, silences, strict=True)
    ]


@pytest.mark.parametrize(
    ("role", "sent", "received"),
    [
        (ANSWERED, STEADY, STEADY),
        (ANSWERED, (1, 0, 1, 1), (1, 0, 1, 0)),
        (LISTENER, NOTHING, (5, 0, 7, 5)),
        (LISTENER, NOTHING, (1, 0, 1, 0)),
    ],
)
def test_messages_of_the_servers_own_that_come_pass(
    role: SessionRole, sent: Sequence[int], received: Sequence[int]
) -> None:
    verdict = of_server(role, sent, received)
    assert (verdict.outcome, verdict.reasons) == (Outcome.PASS, ())
    assert not any("data channels" in note for note in verdict.notes)


@pytest.mark.parametrize("role", [ANSWERED, LISTENER])
@pytest.mark.parametrize("what", ["server_died", "browser_crashed"])
def test_in_a_trial_without_a_hold_no_message_is_owed(role: SessionRole, what: FaultKind) -> None:
    evidence = plan_of(Scenario(kind="custom", roles=(role,)), 1)
    evidence = dataclasses.replace(
        evidence,
        intervals=(),
        data=(),
        phases=dataclasses.replace(evidence.phases, hold_s=None),
        faults=(Fault(what, HOLD_S - 1, "it ended"),),
    )
    reasons = judge(evidence, Criteria()).reasons
    assert [reason.code for reason in reasons] == [what]


@pytest.mark.parametrize(
    ("role", "sent", "received", "told"),
    [
        (ANSWERED, STEADY, (100, 100, 0, 0), "2 windows, from 20 s into the hold on"),
        (ANSWERED, STEADY, (100, 100, 100, 0), "1 window, from 30 s into the hold on"),
        (LISTENER, NOTHING, (100, 0, 0, 100), "2 windows, from 10 s into the hold on"),
        (LISTENER, NOTHING, (9, 9, 9, 0), "1 window, from 30 s into the hold on"),
    ],
)
def test_messages_of_the_servers_own_that_stop_are_named(
    role: SessionRole, sent: Sequence[int], received: Sequence[int], told: str
) -> None:
    (reason,) = of_server(role, sent, received).reasons
    assert (reason.code, reason.stream, reason.sender) == ("data", "inbound data", "server")
    assert f"p000 (s000): got no message of the server on a data channel in {told}" in (
        reason.message
    )


@pytest.mark.parametrize(
    ("role", "sent"),
    [(LISTENER, NOTHING), (LISTENER, (0, 0)), (ANSWERED, STEADY), (ANSWERED, (1, 0, 1, 0))],
)
def test_a_server_that_sends_no_message_of_its_own_fails(
    role: SessionRole, sent: Sequence[int]
) -> None:
    (reason,) = of_server(role, sent, (0,) * len(sent)).reasons
    assert reason.message == "p000 (s000): got no message of the server on a data channel"


@pytest.mark.parametrize(
    ("received", "silences", "outcome"),
    [
        # one each 20 s, of which one is counted just before the two windows, one just after
        ((1, 0, 0, 1), [(19.8, 0.1), (None, 10.1), (None, 20.1), (20.3, 9.8)], Outcome.PASS),
        ((1, 0, 0, 1), [(17.0, 3.0), (None, 13.0), (None, 23.0), (28.0, 5.0)], Outcome.FAIL),
        ((1, 0, 0, 1), [(19.8, 0.1), (None, 10.1), (None, 20.1), (27.0, 3.1)], Outcome.FAIL),
        # five at a time
        ((5, 0, 5, 0), [(19.0, 3.0), (None, 13.0), (19.0, 4.0), (None, 14.0)], Outcome.PASS),
        ((5, 0, 0, 5), [(20.0, 0.1), (None, 10.1), (None, 20.1), (20.3, 9.8)], Outcome.PASS),
        ((5, 5, 5, 0), [(4.5, 1.0), (2.0, 1.0), (2.0, 9.0), (None, 19.0)], Outcome.PASS),
        # all the time
        ((5, 5, 5, 0), [(2.0, 1.0), (2.0, 1.0), (2.0, 7.0), (None, 17.0)], Outcome.FAIL),
        ((5, 5, 0, 0), [(2.0, 1.0), (2.0, 0.1), (None, 10.1), (None, 20.1)], Outcome.FAIL),
    ],
)
def test_how_long_the_server_was_silent_says_whether_two_windows_without_messages_are_too_long(
    received: Sequence[int], silences: Silences, outcome: Outcome
) -> None:
    verdict = of_server(LISTENER, NOTHING, received, silences=silences)
    assert verdict.outcome is outcome, verdict.reasons
    assert NOT_KNOWN not in verdict.notes


@pytest.mark.parametrize(
    ("received", "silences", "outcome"),
    [
        ((0, 1, 0, 0), [(None, 14.0), (23.8, 0.2), (None, 10.2), (None, 20.2)], Outcome.PASS),
        ((0, 1, 0, 0), [(None, 14.0), (21.0, 3.0), (None, 13.0), (None, 23.0)], Outcome.FAIL),
        ((0, 0), [(None, 10.2), (None, 20.2)], Outcome.PASS),
        ((0, 0), [(None, 14.0), (None, 24.0)], Outcome.FAIL),
    ],
)
def test_where_the_hold_ends_before_another_one_of_the_servers_is_due_a_note_says_so(
    received: Sequence[int], silences: Silences, outcome: Outcome
) -> None:
    verdict = of_server(LISTENER, NOTHING[: len(received)], received, silences=silences)
    assert verdict.outcome is outcome, verdict.reasons
    assert (NOT_KNOWN in verdict.notes) is (outcome is Outcome.PASS)


def test_a_server_may_answer_what_a_page_sends_at_the_end_after_the_hold() -> None:
    few = (0, 0, 0, 1)
    verdict = of_server(ANSWERED, few, NOTHING, late=few)
    assert {each.stream for each in verdict.reasons} == {"outbound data"}
    assert NOT_KNOWN in verdict.notes


def test_where_others_send_messages_the_server_may_not_be_silent_in_their_place() -> None:
    """The 20.2 s without any are short enough for the server, but p000 sent some in time."""
    talker = SessionRole("host", (), receives=(), sends_data=True)
    hearer = SessionRole("user", (), receives=(), receives_data=("host", SERVER))
    evidence = plan_of(Scenario(kind="custom", roles=(talker, hearer)), 2)
    mine = windows("p001", NOTHING, (1, 1, 0, 0))
    heard = silent(mine, [(5.0, 9.0), (9.8, 0.2), (None, 10.2), (None, 20.2)])
    few = windows("p000", (1, 1, 1, 1), NOTHING)
    (reason,) = judged(few, heard, evidence=evidence).reasons
    assert "p001 (s000): got no message of p000 or the server" in reason.message


def test_where_the_server_sends_messages_too_it_is_unknown_how_many_of_the_others_came() -> None:
    talker = SessionRole("host", (), receives=(), sends_data=True)
    hearer = SessionRole("user", (), receives=(), receives_data=("host", SERVER))
    evidence = plan_of(Scenario(kind="custom", roles=(talker, hearer)), 2)
    verdict = judged(
        windows("p000", STEADY, NOTHING), windows("p001", NOTHING, STEADY), evidence=evidence
    )
    assert verdict.outcome is Outcome.PASS
    assert any("came is not known of p001" in note for note in verdict.notes)
