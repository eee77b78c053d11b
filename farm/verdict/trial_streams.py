"""The streams of a trial: who sends what to whom, window by window. Pure."""

from __future__ import annotations

from collections import defaultdict

from farm.experiment import Criteria
from farm.hold_figures import lost_of_due
from farm.intervals import Intervals
from farm.trial import Direction, ProbePlan, StreamInterval, TrialEvidence
from farm.verdict.baseline import Baseline
from farm.verdict.stream_limits import Breach, Reference, failing
from farm.webrtc_stats import MediaKind

Windows = dict[int, StreamInterval]
Stream = tuple[ProbePlan, Direction, MediaKind]


class TrialStreams:
    """One trial's evidence, looked up by stream.

    A page may have more streams of a kind than were planned; a stream of the plan is then the one
    of track 0, which is there throughout.
    """

    def __init__(self, evidence: TrialEvidence) -> None:
        self.evidence = evidence
        self._intervals = Intervals.of(evidence.intervals)
        self._places = self._intervals.places()
        plan = evidence.plan
        self._members = {session.session: session.probes for session in plan.sessions}
        self._senders: dict[tuple[str, MediaKind], list[ProbePlan]] = defaultdict(list)
        for probe in () if plan.mixed else plan.probes:
            for kind in probe.sends:
                self._senders[probe.session, kind].append(probe)
        self._count = self._intervals.windows

    @property
    def expected(self) -> tuple[Stream, ...]:
        """What the plan says there should be."""
        found: list[Stream] = []
        for probe in self.evidence.plan.probes:
            found += [(probe, "outbound", kind) for kind in probe.sends]
            found += [(probe, "inbound", kind) for kind in probe.receives]
        return tuple(found)

    def windows(self, probe: str, direction: Direction, kind: MediaKind) -> Windows:
        """A stream's windows by number; those that are missing were not seen."""
        places = self._places.get((probe, direction, kind, 0), ())
        return {each.window: each for place in places for each in self._intervals[place]}

    def inbound_loss(self, probe: str, kind: MediaKind) -> float | None:
        """The residual loss of a received stream over the whole hold, weighed by its packets."""
        return lost_of_due(self.windows(probe, "inbound", kind).values())

    def heard_by(self, probe: ProbePlan, kind: MediaKind) -> ProbePlan | None:
        """Whose stream the server forwards to this probe; None where it mixes."""
        if kind not in probe.receives:
            return None
        senders = self._senders.get((probe.session, kind), [])
        others = [sender for sender in senders if sender.probe != probe.probe]
        return others[0] if len(others) == 1 else None

    def hearers_of(self, probe: ProbePlan, kind: MediaKind) -> tuple[ProbePlan, ...]:
        """To whom the server forwards this probe's stream."""
        members = self._members[probe.session]
        return tuple(other for other in members if self.heard_by(other, kind) == probe)

    def breaches(
        self,
        probe: ProbePlan,
        direction: Direction,
        kind: MediaKind,
        criteria: Criteria,
        baseline: Baseline | None,
    ) -> tuple[Breach, ...]:
        """The limits that make the stream fail; empty: it does not."""
        windows = self.windows(probe.probe, direction, kind)
        reference = self._reference(probe, direction, kind, baseline)
        return failing(windows, self._count, criteria, reference)

    def _reference(
        self, probe: ProbePlan, direction: Direction, kind: MediaKind, baseline: Baseline | None
    ) -> Reference:
        usual = baseline.of(probe.role, direction, kind) if baseline else None
        if direction == "outbound":
            return Reference(usual, _camera(probe, kind))
        sender = self.heard_by(probe, kind)
        if sender is not None:
            sent = self.windows(sender.probe, "outbound", kind)
            return Reference(usual, _camera(sender, kind), sent)
        size = None
        if self.evidence.plan.mixed and kind == "video":
            size = self._mix_size(probe, baseline)
        return Reference(usual, size=size)

    def _mix_size(self, probe: ProbePlan, baseline: Baseline | None) -> tuple[int, int] | None:
        """What the mixed picture measures in the baseline, else in this stream's first window."""
        usual = baseline.of(probe.role, "inbound", "video") if baseline else None
        if usual is not None and usual.frame_width and usual.frame_height:
            return usual.frame_width, usual.frame_height
        for _, interval in sorted(self.windows(probe.probe, "inbound", "video").items()):
            if interval.frame_width and interval.frame_height:
                return interval.frame_width, interval.frame_height
        return None


def _camera(sender: ProbePlan, kind: MediaKind) -> float | None:
    """Frames a second that the sender's camera was asked for."""
    asked = sender.variables.get("frame_rate")
    return float(asked) if kind == "video" and asked else None
