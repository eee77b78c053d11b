"""The table of data channels: messages each way, what did not come, round trips. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from farm.model.trial_evidence import TrialEvidence
from farm.model.wording import UNKNOWN
from reports.exports.row_commands import Traced
from reports.exports.told_rows import EVENTS
from reports.series.data_channels import ChannelFigures, channel_figures
from reports.text.table import Cell, Heading, Table, number_cell
from reports.wording.stream_names import of_hold

HEADINGS = (
    Heading("probe"),
    Heading("role"),
    Heading("label"),
    Heading("channels", number=True),
    Heading("state"),
    Heading("messages/s sent", number=True),
    Heading("bytes/s sent", number=True),
    Heading("messages/s received", number=True),
    Heading("bytes/s received", number=True),
    Heading("sent by others", number=True),
    Heading("of these not received", number=True),
    Heading("time to an answer, ms", number=True),
    Heading("round trip of ICE, ms", number=True),
)


def data_tables(evidence: TrialEvidence, prefix: str) -> Iterator[Table]:
    """The table of a trial's data channels over its hold, where it had any.

    The name of its file begins with `prefix`.
    """
    roles = {probe.probe: probe.role for probe in evidence.plan.probes}
    figures = channel_figures(evidence)
    if not figures:
        return
    order = sorted(range(len(figures)), key=lambda at: -(figures[at].missing or 0))
    yield Table(
        "Data channels, over the hold. What others sent is known where each sends on one channel "
        "of the label; up to two seconds of it may still be under way. The time to an answer is "
        "measured where the driver says what an answer is (round_trip); ICE's round trip is of no "
        "message",
        HEADINGS,
        tuple(_row(each, roles[each.probe], evidence.phases.hold_s) for each in figures),
        csv=f"{prefix}-data-channels",
        worst_first=tuple(order),
        traced=Traced(("data-channel", EVENTS)),
    )


def _row(of: ChannelFigures, role: str, hold_s: float | None) -> tuple[Cell, ...]:
    return (
        _text(of.probe),
        _text(role),
        _text(of.label or "without a label"),
        number_cell(of.channels),
        _text(_state(of, hold_s)),
        _rate(of.messages_sent_per_s),
        _rate(of.bytes_sent_per_s, 0),
        _rate(of.messages_received_per_s),
        _rate(of.bytes_received_per_s, 0),
        number_cell(of.expected, UNKNOWN if of.expected is None else f"{of.expected:,}"),
        number_cell(of.missing, UNKNOWN if of.missing is None else f"{of.missing:,}"),
        _milliseconds(of.round_trip_time_s),
        _milliseconds(of.connection_round_trip_s),
    )


def _state(of: ChannelFigures, hold_s: float | None) -> str:
    if of.ends:
        last = of.ends[-1]
        whose = " by its page" if last.by_page else ""
        return f"{last.state}{whose} {of_hold(last.at_s, hold_s)}"
    return "open" if of.open_at_end else "not open"


def _text(text: str) -> Cell:
    return Cell(text, text)


def _rate(value: float | None, digits: int = 1) -> Cell:
    return number_cell(value, None if value is None else f"{value:,.{digits}f}")


def _milliseconds(value: float | None) -> Cell:
    shown = None if value is None else value * 1000
    return number_cell(shown, None if shown is None else f"{shown:.1f}")
