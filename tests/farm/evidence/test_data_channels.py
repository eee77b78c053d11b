"""Messages of data channels in windows, from recorded polls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from farm.evidence import trial_evidence
from farm.model.criteria import Criteria
from farm.model.data_channels import DataInterval
from farm.model.experiment import Scenario
from farm.model.session_roles import SERVER, SessionRole
from farm.model.trial_evidence import TrialEvidence
from farm.verdict.data_messages import data_findings
from tests.farm.evidence.polled import ALL, HOLD_S, Polled, Span, plan, plan_of

RATE = 10
"""Messages a second, each of 20 bytes."""


def channel(
    polled: Polled,
    probe: str,
    span: Span = ALL,
    *,
    id: str = "D1",
    label: str = "chat",
    **more: Any,
) -> None:
    """A data channel that sends `RATE` messages a second and receives half of that."""
    for half in range(round(2 * span[0]) + 1, round(2 * span[1]), 2):
        now_s = half / 2
        sent = round(RATE * (now_s - span[0]))
        members = {
            "label": "chat",
            "state": "open",
            "messagesSent": sent,
            "bytesSent": 20 * sent,
            "messagesReceived": sent // 2,
            "bytesReceived": 20 * (sent // 2),
        }
        members |= {name: of(now_s) for name, of in more.items()}
        polled._row("data-channel", probe, "pc1", id, now_s, **members)


def evidence_of(polled: Polled) -> TrialEvidence:
    return trial_evidence(polled.trial(), window_s=10.0, poll_s=1.0)


def of(evidence: TrialEvidence, probe: str, label: str | None) -> list[DataInterval]:
    return [each for each in evidence.data if (each.probe, each.label) == (probe, label)]


def test_messages_are_counted_each_way_in_windows() -> None:
    polled = Polled(plan())
    channel(polled, "p000")
    found = of(evidence_of(polled), "p000", "chat")
    assert [each.window for each in found] == [0, 1, 2]
    assert [each.messages_sent for each in found] == [100, 100, 100]
    assert [each.bytes_received for each in found] == [1000, 1000, 1000]
    assert {each.channels for each in found} == {1}
    assert {each.round_trip_time_s for each in found} == {None}, "no driver says what answers"


def test_the_time_to_an_answer_is_the_mean_of_those_of_the_window() -> None:
    polled = Polled(plan())
    channel(
        polled,
        "p000",
        roundTripTimeMeasurements=lambda now_s: round(4 * now_s),
        totalRoundTripTime=lambda now_s: 4 * now_s * (0.02 if now_s < 20 else 0.05),
    )
    first, _, last = of(evidence_of(polled), "p000", "chat")
    assert first.round_trip_time_s == pytest.approx(0.02, rel=0.01)
    assert last.round_trip_time_s == pytest.approx(0.05, rel=0.01)
    assert last.answers == 40


def test_a_channel_that_opens_in_the_hold_counts_from_its_first_message() -> None:
    polled = Polled(plan())
    channel(polled, "p000", (15.0, 40.0))
    found = of(evidence_of(polled), "p000", "chat")
    assert [each.messages_sent for each in found] == [45, 100, 100]


def test_what_is_counted_at_the_first_poll_of_a_window_and_at_its_end_is_known() -> None:
    """Messages at 19.2 s, of which the poll at 20 s tells, at 28.4 s and at 39.9 s."""
    polled = Polled(plan())
    counts = {19.0: 0, 20.0: 1, 28.0: 1, 29.0: 2, 40.0: 2}
    channel(polled, "p000", (1.5, 40.5), messagesSent=lambda now_s: held(counts, now_s))
    found = of(evidence_of(polled), "p000", "chat")
    assert [each.messages_sent for each in found] == [0, 2, 0]
    assert [each.first_messages_sent for each in found] == [0, 1, 0]
    assert [each.last_messages_sent for each in found] == [0, 1, 0]
    whole = Polled(plan_of(Scenario(data=True), 2))
    channel(whole, "p000")
    every = of(evidence_of(whole), "p000", None)
    assert [(e.first_messages_sent, e.last_messages_sent) for e in every] == [(10, 20)] * 3


def held(counts: dict[float, int], now_s: float) -> int:
    """The last of the counts that was reached by then."""
    return max((count for at_s, count in counts.items() if at_s <= now_s), default=0)


def talk(seed: int, *, loses: bool) -> Polled:
    """Each of a call sends a message now and then, which takes up to 0.9 s; pages are polled at any
    time of a second. If it `loses` them, none of p001's comes in the hold.
    """
    chance = np.random.default_rng(seed)
    polled = Polled(plan_of(Scenario(data=True), 2))
    sent_s = {
        probe: 2.0 + np.cumsum(chance.uniform(0.5, chance.choice([3.0, 9.5]), 80))
        for probe in ("p000", "p001")
    }
    for probe, partner in (("p000", "p001"), ("p001", "p000")):
        phase_s = chance.uniform(0.0, 1.0)
        came_s = np.sort(sent_s[partner] + chance.uniform(0.0, 0.9, 80))
        if loses and probe == "p000":
            came_s = came_s[came_s < HOLD_S - 1.0]
        for second in range(2, 40):
            now_s = second + phase_s
            members = {
                "messagesSent": int((sent_s[probe] <= now_s).sum()),
                "messagesReceived": int((came_s <= now_s).sum()),
            }
            facts = {"label": "chat", "state": "open", **members}
            polled._row("data-channel", probe, "pc1", "D1", now_s, **facts)
    return polled


def reasons(polled: Polled) -> list[tuple[str, str]]:
    found = data_findings(evidence_of(polled), Criteria())
    return [(each.probe.probe, each.breach.code) for each in found]


@pytest.mark.parametrize("seed", range(40))
def test_rare_messages_that_come_never_fail_and_those_that_never_come_always_do(seed: int) -> None:
    assert reasons(talk(seed, loses=False)) == []
    assert reasons(talk(seed, loses=True)) == [("p000", "data")]


LISTENER = SessionRole("user", (), receives=(), receives_data=(SERVER,))
ANSWERED = SessionRole("user", (), receives=(), sends_data=True, receives_data=(SERVER,))


def told(
    came_s: Sequence[float],
    *,
    role: SessionRole = LISTENER,
    phase_s: float = 0.0,
    sent_s: Sequence[float] = tuple(range(40)),
) -> Polled:
    """A page that gets messages of the server's own at these times, and sends some if it owes."""
    polled = Polled(plan_of(Scenario(kind="custom", roles=(role,)), 1))
    for second in range(2, 40):
        now_s = second + phase_s
        members = {
            "messagesSent": sum(at_s <= now_s for at_s in sent_s) if role.sends_data else 0,
            "messagesReceived": sum(at_s <= now_s for at_s in came_s),
        }
        facts = {"label": "news", "state": "open", **members}
        polled._row("data-channel", "p000", "pc1", "D1", now_s, **facts)
    return polled


def silences(came_s: Sequence[float]) -> list[tuple[float | None, float | None]]:
    found = of(evidence_of(told(came_s)), "p000", None)
    return [(each.silence_s, each.silent_at_end_s) for each in found]


def test_the_longest_silence_of_a_window_may_begin_before_it() -> None:
    assert silences((4.5, 18.5, 29.5)) == [(14.0, 1.0), (None, 11.0), (11.0, 10.0)]
    first_in_the_hold = [(None, 10.0), (13.0, 7.0), (None, 17.0)]
    assert silences((22.5,)) == first_in_the_hold, "before the first one it began with the hold"
    assert silences(()) == silences((41.0,)) == [(None, None)] * 3


def of_the_server(seed: int) -> tuple[np.ndarray[Any, Any], np.random.Generator]:
    """When a server sends a message or five: once in 20 s, or irregularly, but never later."""
    chance = np.random.default_rng(seed)
    shortest_s = (20.0, 15.0, 0.5)[seed % 3]
    gaps_s = chance.uniform(shortest_s, 20.0, 100)
    sent_s = chance.uniform(2.0, 20.0) - 20.0 + np.cumsum(gaps_s)
    return np.repeat(sent_s, chance.choice([1, 5])), chance


@pytest.mark.parametrize("role", [LISTENER, ANSWERED])
@pytest.mark.parametrize("seed", range(60))
def test_a_server_that_sends_a_message_in_each_two_windows_never_fails_at_any_phase(
    seed: int, role: SessionRole
) -> None:
    sent_s, chance = of_the_server(seed)
    came_s = np.sort(sent_s + chance.uniform(0.0, 0.9, len(sent_s)))
    phase_s = chance.uniform(0.0, 1.0)
    assert reasons(told(list(came_s), role=role, phase_s=phase_s)) == []


@pytest.mark.parametrize("role", [LISTENER, ANSWERED])
@pytest.mark.parametrize("seed", range(20))
def test_a_server_that_stops_for_longer_than_two_windows_fails(
    seed: int, role: SessionRole
) -> None:
    sent_s, chance = of_the_server(seed)
    stops_s = chance.uniform(0.0, HOLD_S + 7.0)
    came_s = list(sent_s[sent_s < stops_s])
    assert reasons(told(came_s, role=role, phase_s=chance.uniform(0.0, 1.0))) == [("p000", "data")]


@pytest.mark.parametrize("role", [LISTENER, ANSWERED])
@pytest.mark.parametrize("stops_s", [5.0, 12.5, 19.9, 21.0, 26.0, 28.9])
def test_a_server_that_sent_all_the_time_fails_by_one_window_without_any(
    stops_s: float, role: SessionRole
) -> None:
    came_s = list(np.arange(3.0, stops_s, 0.4))
    assert reasons(told(came_s, role=role, phase_s=0.05)) == [("p000", "data")]


@pytest.mark.parametrize("seed", range(40))
def test_a_server_that_answers_rare_messages_never_fails_and_one_that_answers_none_always_does(
    seed: int,
) -> None:
    chance = np.random.default_rng(seed)
    sent_s = 2.0 + np.cumsum(chance.uniform(0.5, chance.choice([3.0, 9.5]), 80))
    answers_s = list(np.sort(sent_s + chance.uniform(0.0, 0.9, 80)))
    phase_s = chance.uniform(0.0, 1.0)
    for came_s, found in (
        (answers_s, []),
        ([at_s for at_s in answers_s if at_s < HOLD_S - 4.0], [("p000", "data")]),
    ):
        polled = told(came_s, role=ANSWERED, phase_s=phase_s, sent_s=list(sent_s))
        assert reasons(polled) == found


def test_channels_of_one_label_are_added_up() -> None:
    polled = Polled(plan())
    for id in ("D1", "D2"):
        channel(polled, "p000", id=id)
    first, *_ = of(evidence_of(polled), "p000", "chat")
    assert (first.messages_sent, first.channels, first.sending) == (200, 2, 2)


def test_what_is_owed_is_zero_where_the_page_was_polled_and_has_no_channel() -> None:
    polled = Polled(plan_of(Scenario(data=True), 2))
    channel(polled, "p000", (2.0, 20.0))
    evidence = evidence_of(polled)
    assert [each.messages_sent for each in of(evidence, "p000", None)] == [100, 0, 0]
    assert [each.messages_sent for each in of(evidence, "p001", None)] == [0, 0, 0]
    trial = polled.trial()
    trial.tables["poll"] = trial.tables["poll"].filter(trial.tables["poll"]["run_s"] < 20)
    unseen = trial_evidence(trial, window_s=10.0, poll_s=1.0)
    assert [each.messages_sent for each in of(unseen, "p001", None)] == [0, None, None]


def test_a_recording_without_channels_has_none() -> None:
    assert evidence_of(Polled(plan())).data == ()


def test_channels_that_end_in_the_hold_are_there_with_whose_act_it_was() -> None:
    polled = Polled(plan())
    channel(polled, "p000")
    facts = {"connection": "pc1", "id": 1, "label": "chat", "error": None}
    polled.tells("p000", "channel", 3.0, {**facts, "state": "open", "by_page": False})
    polled.tells("p000", "channel", HOLD_S + 5, {**facts, "state": "closed", "by_page": True})
    polled.tells("p000", "channel", 45.0, {**facts, "state": "closed", "by_page": False})
    (end,) = evidence_of(polled).channel_ends
    assert (end.probe, end.label, end.at_s, end.by_page) == ("p000", "chat", HOLD_S + 5, True)
