"""The streams of a trial: senders, receivers and windows of each. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from farm.analysis.aggregates import STREAM, known, lost_by
from farm.analysis.intervals import Intervals
from farm.model.criteria import Criteria
from farm.model.session_roles import SERVER
from farm.model.trial_evidence import StreamIdentity, TrialEvidence
from farm.model.trial_plan import Direction, ProbePlan, TrialPlan
from farm.model.webrtc_stats import MEDIA_KINDS, MediaKind
from farm.planning.owed_slots import OwedSlot, owed_slots, sent_slots
from farm.verdict.baseline import Baseline, StreamBaseline
from farm.verdict.sent_streams import SentStreams, Windows
from farm.verdict.speaker_switches import SwitchingVideos
from farm.verdict.stream_limits import Breach, Reference, failing


class TrialStreams:
    """One trial's evidence, indexed by stream."""

    def __init__(self, evidence: TrialEvidence) -> None:
        self.evidence = evidence
        self._intervals = Intervals.of(evidence.intervals)
        self._places = self._intervals.places()
        lost = lost_by(self._intervals.frame.filter("owed")).select(*STREAM, "lost_ratio")
        self._lost: Mapping[tuple[object, ...], float | None] = {
            tuple(stream): ratio for *stream, ratio in lost.iter_rows()
        }
        plan = evidence.plan
        self.probes: Mapping[str, ProbePlan] = {probe.probe: probe for probe in plan.probes}
        streams = evidence.streams or tuple(_planned(plan))
        self.expected = tuple(each for each in streams if each.owed)
        """The streams that are owed, those of a probe side by side."""
        self._switching = SwitchingVideos(plan)
        self._of_probe: dict[tuple[str, Direction, MediaKind], list[StreamIdentity]] = {}
        self._receivers: dict[tuple[str, MediaKind], list[ProbePlan]] = {}
        for stream in self.expected:
            key = stream.probe, stream.direction, stream.kind
            self._of_probe.setdefault(key, []).append(stream)
            if len(stream.senders) == 1:
                receivers = self._receivers.setdefault((stream.senders[0], stream.kind), [])
                receivers.append(self.probes[stream.probe])
        self._sent = SentStreams(streams, evidence.layers, self.windows)
        self.count = self._intervals.windows
        """How many windows the hold has."""

    def windows(self, probe: str, direction: Direction, kind: MediaKind, track: int = 0) -> Windows:
        """A stream's windows by number; a missing one had no poll of it."""
        places = self._places.get((probe, direction, kind, track), ())
        return {each.window: each for place in places for each in self._intervals[place]}

    def owed(self, probe: str, direction: Direction, kind: MediaKind) -> list[StreamIdentity]:
        """The streams of a kind that a probe is owed, or owes."""
        return self._of_probe.get((probe, direction, kind), [])

    def inbound_loss(self, probe: str, kind: MediaKind) -> float | None:
        """A probe's post-repair loss (RFC 5725) over the whole hold, of its worst owed stream."""
        streams = self.owed(probe, "inbound", kind)
        each = (self._lost.get((probe, "inbound", kind, stream.track)) for stream in streams)
        return max(known(each), default=None)

    def receivers_of(self, probe: ProbePlan, kind: MediaKind) -> tuple[ProbePlan, ...]:
        """The probes to which the server forwards this probe's stream."""
        return tuple(self._receivers.get((probe.probe, kind), ()))

    def is_excused(self, stream: StreamIdentity) -> bool:
        """Whether nothing of the stream was owed in the hold, as its page gave nothing to send."""
        windows = self.windows(stream.probe, stream.direction, stream.kind, stream.track)
        return bool(windows) and not any(each.owed for each in windows.values())

    def may_switch(self, stream: StreamIdentity) -> bool:
        """Whether the server may change whose video a received one is."""
        return stream in self._switching

    # ------------------------------------------------------------ against the limits

    def breaches(
        self, stream: StreamIdentity, criteria: Criteria, baseline: Baseline | None
    ) -> tuple[Breach, ...]:
        """The limits that make the stream fail; empty: it passes."""
        windows = self.windows(stream.probe, stream.direction, stream.kind, stream.track)
        return failing(windows, self.count, criteria, self._reference(stream, windows, baseline))

    def _reference(
        self, stream: StreamIdentity, windows: Windows, baseline: Baseline | None
    ) -> Reference:
        role = self.probes[stream.probe].role
        is_of_server = stream.senders == (SERVER,)
        usual = None
        if baseline is not None:
            usual = baseline.of(
                role,
                stream.direction,
                stream.kind,
                is_screen=stream.screen,
                is_of_server=is_of_server,
            )
        if stream.direction == "outbound":
            asked = {number: each.asked_frame_rate for number, each in windows.items()}
            return Reference(usual, asked=asked, still_s={} if stream.screen else None)
        if self.evidence.plan.mixed:
            return Reference(usual, size=_mix_size(windows, usual))
        if SERVER in stream.senders:
            return Reference(usual if is_of_server else None, is_of_server=is_of_server)
        whole = usual.frame_rate if usual else None
        return Reference(
            usual,
            asked=self._sent.due_frame_rates(stream, windows, whole),
            sent=dict(self._sent.forwarded(stream, windows)),
            still_s=self._sent.still_s(stream) if stream.screen else None,
            may_switch=self.may_switch(stream),
        )


def _mix_size(windows: Windows, usual: StreamBaseline | None) -> tuple[int, int] | None:
    """The frame size of the mix in the baseline, else in this stream's first window."""
    if usual is not None and usual.frame_width and usual.frame_height:
        return usual.frame_width, usual.frame_height
    for _, interval in sorted(windows.items()):
        if interval.frame_width and interval.frame_height:
            return interval.frame_width, interval.frame_height
    return None


def _planned(plan: TrialPlan) -> Iterator[StreamIdentity]:
    """The streams of a plan, for evidence that does not name those that were seen."""
    slots = owed_slots(plan)
    for probe in plan.probes:
        for kind in MEDIA_KINDS:
            for track, slot in enumerate(sent_slots(probe, kind)):
                yield _identity(probe, "outbound", kind, track, slot)
        for kind in MEDIA_KINDS:
            for track, slot in enumerate(slots[probe.probe, kind]):
                yield _identity(probe, "inbound", kind, track, slot)


def _identity(
    probe: ProbePlan, direction: Direction, kind: MediaKind, track: int, slot: OwedSlot
) -> StreamIdentity:
    return StreamIdentity(
        *(probe.probe, direction, kind, track),
        owed=True,
        seen=True,
        senders=slot.senders,
        screen=slot.is_screen,
    )
