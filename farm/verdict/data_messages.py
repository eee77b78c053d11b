"""Messages of data channels against what is owed: none came, they stopped, or too few came. Pure.

As a stream does, they fail if two windows in a row break a limit, or the last one does. A receiver
is owed messages only in windows in which its senders sent some that must have come within the hold;
the server owes its own in all, but to a page that owes messages only where that sent any.
"""

from __future__ import annotations

import itertools
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from farm.model.criteria import Criteria
from farm.model.data_channels import ChannelEnd, DataInterval
from farm.model.session_roles import SERVER
from farm.model.trial_evidence import TrialEvidence
from farm.model.trial_plan import Direction, ProbePlan
from farm.model.wording import counted, percent
from farm.verdict.causes import Finding
from farm.verdict.data_wording import (
    NOTHING_SENT,
    channel_ending,
    in_some_windows,
    in_the_whole_hold,
    nothing_got,
    some_of,
)
from farm.verdict.sent_messages import (
    Windows,
    are_few,
    expected_messages,
    messages_at_edges,
    messages_outside,
    senders_on,
    silent_windows,
)
from farm.verdict.server_messages import (
    OWED_WINDOWS,
    askers,
    may_be_between_messages,
    others_than_server,
)
from farm.verdict.stream_limits import FAR_BEYOND, Breach

CODE = "data"
"""The code of the reason that messages of data channels did not come or were not sent."""


def unknown_delivery_notes(evidence: TrialEvidence) -> Iterator[str]:
    """Says of whom it is not known how many of the messages that they are owed came."""
    messages = _Messages(evidence)
    receivers = [probe for probe in messages.judged_probes() if probe.receives_data]
    of_probes = [probe for probe in receivers if others_than_server(probe)]
    probes = [probe.probe for probe in of_probes if messages.is_delivery_unknown(probe)]
    if probes:
        yield (
            f"how many of the messages of data channels came is not known of {some_of(probes)}: "
            "no label is both a sender's and theirs, a sender has several channels of one label, "
            "or the server sends messages of its own"
        )
    probes = [probe.probe for probe in of_probes if messages.may_all_be_outside(probe)]
    if probes:
        yield (
            f"whether messages of data channels come is not known of {some_of(probes)}: the few "
            "that were sent in the hold may have come before it, or after it"
        )
    probes = [probe.probe for probe in receivers if messages.may_server_go_on(probe)]
    if probes:
        yield (
            "whether the server goes on to send messages on data channels is not known of "
            f"{some_of(probes)}: the hold ended before another one had to come"
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
        return came and (
            SERVER in probe.receives_data
            or all(expected is None for _, _, expected in self._expected(probe))
        )

    def may_all_be_outside(self, probe: ProbePlan) -> bool:
        """Whether none came, and all that were sent may have come before the hold or after it."""
        windows = self._whole[probe.probe]
        senders = (self._whole[each] for each in askers(probe))
        return (
            any(each.messages_sent for theirs in senders for each in theirs.values())
            and not self._due(probe, windows)
            and all(each.messages_received == 0 for each in windows.values() if each.polls)
        )

    def may_server_go_on(self, probe: ProbePlan) -> bool:
        """Whether the server's came no more, or not at all, and none had to in the hold."""
        windows = self._whole[probe.probe]
        if SERVER not in probe.receives_data:
            return False
        if probe.receives_data == (SERVER,) and self.may_all_be_outside(probe):
            return True
        seen = sorted(at for at, each in windows.items() if each.polls)[-OWED_WINDOWS:]
        return (
            bool(seen)
            and all(windows[at].messages_received == 0 for at in seen)
            and self._is_open(probe, "inbound", windows, seen)
        )

    def _is_open(
        self,
        probe: ProbePlan,
        direction: Direction,
        windows: Mapping[int, DataInterval],
        silent: Sequence[int],
    ) -> bool:
        """Whether windows without a message are owed by the server alone, and may be healthy."""
        return (
            direction == "inbound"
            and SERVER in probe.receives_data
            and not self._with_messages_of(others_than_server(probe), windows) & {*silent}
            and may_be_between_messages(windows, silent)
        )

    def _due(self, probe: ProbePlan, windows: Mapping[int, DataInterval]) -> frozenset[int]:
        """The windows in which a sender of the probe's sent messages that must have come.

        All, where the server owes it some that it does not ask for.
        """
        if SERVER in probe.receives_data and not probe.sends_data:
            return frozenset(windows)
        return self._with_messages_of(askers(probe), windows)

    def _with_messages_of(
        self, senders: Sequence[str], windows: Mapping[int, DataInterval]
    ) -> frozenset[int]:
        last = max(windows, default=0)
        return frozenset(
            number
            for number in windows
            for sent in (self._whole[of][number] for of in senders if number in self._whole[of])
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

        Where nothing came in the whole hold, one due window is enough. Without a hold nothing is
        known.
        """
        if not windows:
            return
        count = max(windows) + 1
        counts = {at: _messages(each, direction) for at, each in windows.items() if each.polls}
        known = sorted(due & counts.keys())
        silent = silent_windows(counts, known)
        pairs = (
            pair
            for pair in itertools.pairwise(known)
            if silent.issuperset(pair) and not self._is_open(probe, direction, windows, pair)
        )
        failing = sorted({*itertools.chain(*pairs), *(silent & {count - 1})})
        if failing == [count - 1] and (
            self._is_sparse(probe, direction) or self._is_open(probe, direction, windows, failing)
        ):
            failing = []
        is_without_any = all(_messages(each, direction) == 0 for each in windows.values())
        if is_without_any and not self._is_open(probe, direction, windows, sorted(windows)):
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
        """Whether those of a window are so few that the last one alone shows nothing.

        What the server sends of its own is known only by what came of it.
        """
        mine = self._whole[probe.probe].values()
        if direction == "outbound":
            return all(are_few(each.messages_sent, each) for each in mine)
        others = (self._whole[each].values() for each in others_than_server(probe))
        few = all(are_few(each.messages_sent, each) for theirs in others for each in theirs)
        return few and (
            SERVER not in probe.receives_data
            or all(are_few(each.messages_received, each) for each in mine)
        )

    def _words(
        self,
        probe: ProbePlan,
        direction: Direction,
        windows: Mapping[int, DataInterval],
        failing: Sequence[int],
    ) -> str:
        did = NOTHING_SENT if direction == "outbound" else nothing_got(probe.receives_data)
        hold_s = self._evidence.phases.hold_s or 0.0
        if not any(_messages(each, direction) for each in windows.values()):
            how = in_the_whole_hold(did, has_channel=bool(self._by_label[probe.probe]))
        else:
            how = in_some_windows(did, len(failing), windows[failing[0]].start_s - hold_s)
        ended = [each for each in self._ends[probe.probe] if each.at_s >= hold_s]
        return "; ".join([how, *(channel_ending(each, hold_s) for each in ended[:1])])

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
        """Each label of a receiver's channels, who sends on it, and how many should have come.

        Messages of the server's own may be among those that came.
        """
        others = {sender: self._by_label[sender] for sender in others_than_server(probe)}
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
