"""The table and the figure of data channels."""

from __future__ import annotations

import dataclasses

import numpy as np

from farm.model.data_channels import ChannelEnd, DataInterval
from farm.model.trial_evidence import TrialEvidence
from farm.testing.evidence import HOLD_S, good_evidence
from reports.figures.data_messages import data_messages_chart
from reports.series.data_channels import message_rates
from reports.text.data_table import HEADINGS, data_tables
from tests.farm.evidence.polled import END_S, Polled, plan
from tests.farm.evidence.test_data_channels import channel, evidence_of

COLUMNS = {heading.text: place for place, heading in enumerate(HEADINGS)}


def interval(probe: str, window: int, sent: int, received: int, **more: float) -> DataInterval:
    start_s = HOLD_S + 10 * window
    whole = DataInterval(
        probe,
        "chat",
        window,
        start_s,
        start_s + 10,
        polls=10,
        channels=1,
        sending=1,
        messages_sent=sent,
        bytes_sent=20 * sent,
        messages_received=received,
        bytes_received=20 * received,
    )
    return dataclasses.replace(whole, **more)  # type: ignore[arg-type]


def shown(evidence: TrialEvidence, *names: str) -> list[tuple[str, ...]]:
    (table,) = data_tables(evidence, "t")
    return [tuple(row[COLUMNS[name]].text for name in names) for row in table.rows]


def evidence_with(*data: DataInterval, ends: tuple[ChannelEnd, ...] = ()) -> TrialEvidence:
    return dataclasses.replace(good_evidence(plan()), data=data, channel_ends=ends)


def test_messages_that_others_sent_and_that_did_not_come_are_counted() -> None:
    evidence = evidence_with(
        *(interval("p000", at, 100, 60, round_trip_time_s=0.02, answers=5) for at in range(2)),
        *(interval("p001", at, 80, 100) for at in range(2)),
    )
    names = "messages/s sent", "messages/s received", "sent by others", "of these not received"
    assert shown(evidence, *names) == [
        ("10.0", "6.0", "160", "40"),
        ("8.0", "10.0", "200", "0"),
    ]
    assert shown(evidence, "bytes/s sent", "time to an answer, ms", "round trip of ICE, ms") == [
        ("200", "20.0", "unknown"),
        ("160", "unknown", "unknown"),
    ]


def test_what_others_sent_is_unknown_where_a_page_has_several_channels_of_a_label() -> None:
    evidence = evidence_with(interval("p000", 0, 100, 60), interval("p001", 0, 80, 100, sending=2))
    assert shown(evidence, "sent by others")[0] == ("unknown",)


def test_a_channel_that_closed_says_when_and_by_whom() -> None:
    end = ChannelEnd("p000", "chat", HOLD_S + 4, "closed", by_page=True)
    evidence = evidence_with(
        interval("p000", 0, 40, 40, channels=0), interval("p001", 0, 40, 40), ends=(end,)
    )
    assert shown(evidence, "state") == [("closed by its page 4 s into the hold",), ("open",)]


def test_a_trial_without_data_channels_has_no_table() -> None:
    assert list(data_tables(good_evidence(plan()), "t")) == []


def test_the_figure_has_messages_a_second_of_each_probe() -> None:
    polled = Polled(plan())
    channel(polled, "p000")
    channel(polled, "p001", (2.0, 20.0))
    evidence = evidence_of(polled)
    rates = message_rates(polled.trial(), evidence)
    assert rates is not None
    assert rates.sent.names == ("p000", "p001")
    held = rates.sent.between(12.0, 18.0).values
    assert np.allclose(held, 10.0, atol=0.5)
    late = rates.received.between(25.0, END_S - 2).values
    assert np.allclose(late[0], 5.0, atol=0.5)
    assert np.isnan(late[1]).all(), "it had no channel any more"
    chart = data_messages_chart(rates, evidence.phases)
    assert set(chart.columns["probe"]) == {"p000", "p001"}
    assert "a second on average" in chart.draw().get_suptitle().replace("\n", " ")
