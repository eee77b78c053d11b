"""Messages of data channels against what is owed: none came, they stopped, or too few came. Pure.

As a stream does, they fail if two windows in a row break a limit, or the last one does. A receiver
is owed messages only in windows in which its senders sent some that must have come within the hold.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from farm.model.criteria import Criteria
from farm.model.data_channels import UNDER_WAY_S, ChannelEnd, DataInterval
from farm.model.trial_evidence import TrialEvidence
from farm.model.trial_plan import Direction, ProbePlan
from farm.model.wording import counted, percent
from farm.verdict.causes import Finding
from farm.verdict.sent_messages import (
    Windows,
    expected_messages,
    messages_at_edges,
    messages_outside,
    senders_on,
    silent_windows,
)
from farm.verdict.stream_limits import FAR_BEYOND, Breach

CODE = "data"
"""The code of the reason that messages of data channels did not come or were not sent."""


def unknown_delivery_notes(evidence: TrialEvidence) -> Iterator[str]:
    """Says of whom it is not known how many of the messages that they are owed came."""
    messages = _Messages(evidence)
    receivers = [probe for probe in messages.judged_probes() if probe.receives_data]
    probes = [probe.probe for probe in receivers if messages.is_delivery_unknown(probe)]
    if probes:
        yield (
            f"how many of the messages of data channels came is not known of {_of_some(probes)}: "
            "no label is both a sender's and theirs, or a sender has several channels of one label"
        )
    probes = [probe.probe for probe in receivers if messages.may_all_be_outside(probe)]
    if probes:
        yield (
            f"whether messages of data channels come is not known of {_of_some(probes)}: the few "
            "that were sent in the hold may have come before it, or after it"
        )


def data_findings(evidence: TrialEvidence, criteria: Criteria) -> Iterator[Finding]:
    """What is wrong with the messages that probes owe and are owed, of those that joined."""
    return _Messages(evidence).findings(criteria.delivered)


class _Messages:
    def __init__(self, evidence: TrialEvidence) -> None:
        self._evidence = evidence
        self._whole: defaultdict[str, dict[int, DataInterval]] = defaultdict(dict)
        self._by_label: defaultdict[str, dict[str, list[DataInterval]]] = defaultdict(dict)
        for each in evidence.data:
            if each.label is None:
                self._whole[each.probe][each.window] = each
            else:
                self._by_label[each.probe].setdefault(each.label, []).append(each)
        self._ends: defaultdict[str, list[ChannelEnd]] = defaultdict(list)
        for end in evidence.channel_ends:
            self._ends[end.probe].append(end)

    def findings(self, least_delivered: float) -> Iterator[Finding]:
        """What is wrong with each probe's messages; a share below `least_delivered` is."""
        for probe in self.judged_probes():
            windows = self._whole[probe.probe]
            if not (probe.sends or probe.receives) and any(not w.polls for w in windows.values()):
                yield self._unseen(probe, windows)
            if probe.sends_data:
                yield from self._of(probe, "outbound", windows, frozenset(windows))
            if probe.receives_data:
                due = self._due(probe, windows)
                found = list(self._of(probe, "inbound", windows, due))
                yield from found or self._delivered(probe, least_delivered)

    def judged_probes(self) -> Iterator[ProbePlan]:
        """The probes that owe or are owed messages, joined, have a connection and stayed."""
        joined = {join.probe for join in self._evidence.joins if join.joined}
        gone = self._evidence.left.keys() | self._evidence.no_connection.keys()
        for probe in self._evidence.plan.probes:
            if probe.has_data and probe.probe in joined - gone:
                yield probe

    def is_delivery_unknown(self, probe: ProbePlan) -> bool:
        """Whether messages came, of which no label says how many should have."""
        came = any(each.messages_received for each in self._whole[probe.probe].values())
        return came and all(expected is None for _, _, expected in self._expected(probe))

    def may_all_be_outside(self, probe: ProbePlan) -> bool:
        """Whether none came, and all that were sent may have come before the hold or after it."""
        windows = self._whole[probe.probe]
        senders = (self._whole[each] for each in probe.receives_data)
        return (
            any(each.messages_sent for theirs in senders for each in theirs.values())
            and not self._due(probe, windows)
            and all(each.messages_received == 0 for each in windows.values() if each.polls)
        )

    def _due(self, probe: ProbePlan, windows: Mapping[int, DataInterval]) -> frozenset[int]:
        """The windows in which a sender of the probe's sent messages that must have come."""
        senders = [self._whole[each] for each in probe.receives_data]
        last = max(windows, default=0)
        return frozenset(
            number
            for number in windows
            for sent in (theirs[number] for theirs in senders if number in theirs)
            if (sent.messages_sent or 0) > messages_at_edges(sent, 0, last)
        )

    def _of(
        self,
        probe: ProbePlan,
        direction: Direction,
        windows: Mapping[int, DataInterval],
        due: frozenset[int],
    ) -> Iterator[Finding]:
        """Nothing in two due windows in a row, or in the last one, where messages are not sparse.

        Where nothing came in the whole hold, one due window is enough.
        """
        count = max(windows, default=-1) + 1
        counts = {at: _messages(each, direction) for at, each in windows.items() if each.polls}
        known = sorted(due & counts.keys())
        silent = silent_windows(counts, known)
        pairs = (pair for pair in itertools.pairwise(known) if silent.issuperset(pair))
        failing = sorted({*itertools.chain(*pairs), *(silent & {count - 1})})
        if failing == [count - 1] and self._is_sparse(probe, direction):
            failing = []
        if all(_messages(each, direction) == 0 for each in windows.values()):
            failing = sorted(silent)
        if not failing:
            return
        first = windows[failing[0]]
        breach = Breach(
            CODE,
            None,
            None,
            FAR_BEYOND,
            first.window,
            first.start_s,
            in_last_window=failing == [count - 1],
        )
        yield self._finding(
            probe, direction, breach, self._words(probe, direction, windows, failing)
        )

    def _is_sparse(self, probe: ProbePlan, direction: Direction) -> bool:
        """Whether those of a window are so few that the last one alone shows nothing."""
        senders = probe.receives_data if direction == "inbound" else (probe.probe,)
        return all(_are_few(each) for of in senders for each in self._whole[of].values())

    def _words(
        self,
        probe: ProbePlan,
        direction: Direction,
        windows: Mapping[int, DataInterval],
        failing: Sequence[int],
    ) -> str:
        did = "sent no message" if direction == "outbound" else f"got no message{_of_whom(probe)}"
        hold_s = self._evidence.phases.hold_s or 0.0
        if not any(_messages(each, direction) for each in windows.values()):
            has_any = bool(self._by_label[probe.probe])
            how = f"{did} on a data channel" if has_any else f"{did}: it had no data channel"
        else:
            begin_s = windows[failing[0]].start_s - hold_s
            how = (
                f"{did} on a data channel in {counted(len(failing), 'window')}, "
                f"from {begin_s:.0f} s into the hold on"
            )
        ended = [each for each in self._ends[probe.probe] if each.at_s >= hold_s]
        return "; ".join([how, *(_ending(each, hold_s) for each in ended[:1])])

    def _delivered(self, probe: ProbePlan, limit: float) -> Iterator[Finding]:
        """Too few of the messages that were sent, of labels that both sides have."""
        for label, sent, expected in self._expected(probe):
            mine = self._by_label[probe.probe][label]
            got = sum(each.messages_received or 0 for each in mine)
            if not expected:
                continue
            share = got / expected
            if share + messages_outside(sent, mine) / expected < limit:
                beyond = min(limit / share, FAR_BEYOND) if share else FAR_BEYOND
                breach = Breach("delivered", share, limit, beyond, 0, mine[0].start_s)
                whose = " and ".join(sender for sender, _ in sent)
                text = (
                    f"got {got:,} of {counted(expected, 'message')} of {whose} on data channel "
                    f"{label!r} ({percent(share)}), limit {percent(limit)}"
                )
                yield self._finding(probe, "inbound", breach, text)

    def _expected(
        self, probe: ProbePlan
    ) -> Iterator[tuple[str, Sequence[tuple[str, Windows]], int | None]]:
        """Each label of a receiver's channels, who sends on it, and how many should have come."""
        others = {sender: self._by_label[sender] for sender in probe.receives_data}
        for label, mine in sorted(self._by_label[probe.probe].items()):
            sent = senders_on(label, mine, others)
            yield label, sent, expected_messages(sent, mine)

    def _unseen(self, probe: ProbePlan, windows: Mapping[int, DataInterval]) -> Finding:
        at = next(each for each in windows.values() if not each.polls)
        breach = Breach("no_evidence", None, None, FAR_BEYOND, at.window, at.start_s)
        direction: Direction = "outbound" if probe.sends_data else "inbound"
        return self._finding(probe, direction, breach, "its data channels were not seen: no polls")

    def _finding(
        self, probe: ProbePlan, direction: Direction, breach: Breach, message: str
    ) -> Finding:
        return Finding(
            probe,
            breach,
            direction,
            message=message,
            senders=probe.receives_data if direction == "inbound" else (),
            is_data=True,
        )


def _messages(interval: DataInterval, direction: Direction) -> int | None:
    return interval.messages_sent if direction == "outbound" else interval.messages_received


def _of_some(probes: Sequence[str]) -> str:
    return ", ".join(probes[:3]) + (f" and {len(probes) - 3} more" if len(probes) > 3 else "")


def _are_few(sent: DataInterval) -> bool:
    """Whether they are fewer than one in `UNDER_WAY_S`."""
    return (sent.messages_sent or 0) * UNDER_WAY_S < sent.end_s - sent.start_s


def _of_whom(probe: ProbePlan) -> str:
    senders = probe.receives_data
    return f" of {' or '.join(senders)}" if len(senders) <= 3 else f" of one of {len(senders)}"


def _ending(end: ChannelEnd, hold_s: float) -> str:
    how = "was closed by its page" if end.by_page else f"{end.state}"
    why = f" ({end.error})" if end.error else ""
    return f"data channel {end.label!r} {how} {end.at_s - hold_s:.0f} s into the hold{why}"
