"""Which probe caused what was wrong in a session: findings -> reasons, causes first. Pure.

One probe's bad network shows in others, too: what it cannot send its partner does not receive, and
what it cannot receive its partner is asked to send less of (a server passes on the smallest
bandwidth estimate of a stream's receivers). So within a session a probe whose page left is named
first, then one whose page never sent what its partners lack, then one whose uplink loses packets,
together with the effect on its partner.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from farm.model.trial_evidence import StreamIdentity
from farm.model.trial_plan import Direction, ProbePlan
from farm.model.verdict import AFTER_JOIN, NO_CONNECTION, Reason
from farm.model.webrtc_stats import MediaKind
from farm.model.wording import counted, one_of, percent
from farm.planning.receivers import receivers
from farm.verdict.page_wording import LOADING_S, act_before
from farm.verdict.standstill import still_streams
from farm.verdict.stream_limits import Breach
from farm.verdict.trial_streams import TrialStreams
from farm.verdict.unsent_streams import unsent_streams

UPLINK_LOSS_CODES = ("residual_loss", "repair")
REDUCED_CODES = ("target_bitrate", "frame_rate")
LEFT = "left"
"""The code of the reason for a page that closed its connections before the hold was over."""

PARTNER = "partner"
"""The code of the reason for a probe that could not join as its partner could not."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is wrong with a probe's stream; without direction and kind, with the probe.

    `senders` are the probes that a received stream may come from, as `StreamIdentity` has them, and
    `track` its number among those of its kind. `message` is given where another module has worded
    it already. `of_session`: it concerns the whole session, not one probe. `is_data`: it concerns
    messages of data channels, of which there is no kind.
    """

    probe: ProbePlan
    breach: Breach
    direction: Direction | None = None
    kind: MediaKind | None = None
    message: str = ""
    of_session: bool = False
    senders: tuple[str, ...] = ()
    track: int = 0
    is_screen: bool = False
    is_data: bool = False

    @classmethod
    def of(cls, probe: ProbePlan, breach: Breach, stream: StreamIdentity) -> Finding:
        """The finding of a limit that this stream of the probe broke."""
        return cls(
            probe,
            breach,
            stream.direction,
            stream.kind,
            senders=stream.senders,
            track=stream.track,
            is_screen=stream.screen,
        )

    @property
    def role(self) -> str:
        return "" if self.of_session else self.probe.role

    @property
    def is_uplink_loss(self) -> bool:
        """Whether packets were lost on the uplink: no other probe can cause that."""
        return self.direction == "outbound" and self.breach.code in UPLINK_LOSS_CODES

    @property
    def is_absence(self) -> bool:
        """Whether the probe did not get in by itself, so that its partners lack its streams."""
        of_others = self.breach.code in (LEFT, AFTER_JOIN, PARTNER)
        return self.direction is None and not self.of_session and not of_others

    @property
    def stream(self) -> str | None:
        media = "data" if self.is_data else "screen" if self.is_screen else self.kind
        return f"{self.direction} {media}" if self.direction and media else None

    @property
    def sender(self) -> str | None:
        """Whom a received stream comes from: `p001`, or `p001 or p002` where that is not known."""
        return " or ".join(self.senders) or None


class Causes:
    """The findings of a trial, ordered so that causes come before their effects."""

    def __init__(self, findings: Sequence[Finding], streams: TrialStreams) -> None:
        self._streams = streams
        self._going = receivers(streams.evidence.streams) if findings else {}
        self._of_probe: dict[str, list[Finding]] = {}
        for finding in findings:
            self._of_probe.setdefault(finding.probe.probe, []).append(finding)
        self._still = still_streams(
            {
                (each.probe.probe, each.kind, each.track): each.breach.worst_at_s
                for each in findings
                if each.direction == "inbound" and each.kind and each.breach.code == "gap"
            },
            streams,
        )
        lacking = (each for each in findings if _never_came(each) and len(each.senders) == 1)
        self._unsent = unsent_streams(
            {(each.senders[0], each.kind, each.is_screen) for each in lacking if each.kind},
            streams.evidence,
        )
        self.findings = self._in_order(findings)
        """The worst session first; in it the probe that is the cause, its causes before effects."""

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return tuple(self._reason(finding) for finding in self.findings)

    def _in_order(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        beyond: dict[str, float] = {}
        for finding in findings:
            session = finding.probe.session
            beyond[session] = max(beyond.get(session, 0.0), finding.breach.beyond)
        order = {probe: self._cause_order(probe) for probe in self._of_probe}

        def key(finding: Finding) -> tuple[object, ...]:
            session, probe = finding.probe.session, finding.probe.probe
            is_effect = self._cause_of(finding) is not None
            is_late = not self._stood_still(finding)
            is_other = finding.breach.code != LEFT, not self._was_never_sent(finding)
            in_probe = is_late, is_effect, *is_other, _rank(finding)
            return -beyond[session], session, order[probe], probe, *in_probe

        return tuple(sorted(findings, key=key))

    def _stood_still(self, finding: Finding) -> bool:
        """Whether it is a gap in which nothing came to any probe."""
        is_gap = finding.direction == "inbound" and finding.breach.code == "gap"
        return is_gap and (finding.probe.probe, finding.kind, finding.track) in self._still

    def _was_never_sent(self, finding: Finding) -> bool:
        """Whether it is of a stream that its page never sent, and that others lack."""
        sent = finding.probe.probe, finding.kind, finding.is_screen
        return finding.direction == "outbound" and sent in self._unsent

    def _cause_of(self, finding: Finding) -> Finding | None:
        """Another probe's finding that explains this one, if that probe comes before in order."""
        if finding.kind is None or finding.is_uplink_loss:
            return None
        causes: list[Finding] = []
        if finding.direction == "inbound":
            theirs = self._of_probe.get(finding.senders[0], []) if len(finding.senders) == 1 else []
            causes = [
                other
                for other in theirs
                if other.is_uplink_loss
                or (other.direction is None and not self._began_before(finding, other))
                or (_never_came(finding) and self._was_never_sent(other))
            ]
        elif finding.breach.code in REDUCED_CODES and not self._act_of(
            {finding.probe.probe}, finding
        ):
            causes = [
                other
                for receiver in self._streams.receivers_of(finding.probe, finding.kind)
                for other in self._of_probe.get(receiver.probe, [])
                if other.direction == "inbound"
            ]
        if not causes:
            return None
        first = min(
            causes,
            key=lambda other: (
                other.kind != finding.kind,
                other.breach.at_s,
                -other.breach.beyond,
            ),
        )
        mine = self._cause_order(finding.probe.probe)
        return first if self._cause_order(first.probe.probe) < mine else None

    def _cause_order(self, probe: str) -> tuple[float, ...]:
        """Sort key of the probes of a session, the cause of its problems first.

        Those that left, as they did; those whose page never sent what others lack; those whose
        uplink lost packets, then those that retransmitted; then those whose partner did not fail to
        join; then by how far beyond a limit; then those that did not get in, of whom others got
        nothing from the begin on; then by time.
        """
        findings = self._of_probe[probe]
        up = dict.fromkeys(UPLINK_LOSS_CODES, 0.0)
        for finding in findings:
            if finding.is_uplink_loss:
                up[finding.breach.code] = max(up[finding.breach.code], finding.breach.beyond)
        partner_failed = all(finding.breach.code == PARTNER for finding in findings)
        return (
            self._left_s(probe),
            -float(any(self._was_never_sent(finding) for finding in findings)),
            *(-up[code] for code in UPLINK_LOSS_CODES),
            float(partner_failed),
            -max(finding.breach.beyond for finding in findings),
            -float(any(finding.is_absence for finding in findings)),
            min(finding.breach.at_s for finding in findings),
        )

    def _left_s(self, probe: str) -> float:
        """When a probe's page left; inf: it did not."""
        before_s = LOADING_S if probe in self._streams.evidence.reloaded else 0.0
        findings = self._of_probe.get(probe, ())
        times = [each.breach.at_s - before_s for each in findings if each.breach.code == LEFT]
        return min(times, default=math.inf)

    def _is_first_to_leave(self, probe: ProbePlan) -> bool:
        """Whether no other page of its session left before this probe's."""
        session = [p.probe for p in self._streams.probes.values() if p.session == probe.session]
        return self._left_s(probe.probe) <= min(map(self._left_s, session))

    def _began_before(self, finding: Finding, other: Finding) -> bool:
        """Whether a received stream failed before its sender left, or did not do a step."""
        evidence, breach = self._streams.evidence, finding.breach
        if breach.code == "setup":
            due_s = (evidence.phases.hold_s or 0.0) + (breach.limit or 0.0)
            return other.breach.at_s >= due_s
        return other.breach.at_s >= breach.at_s + evidence.window_s

    def _reason(self, finding: Finding) -> Reason:
        """The finding in words, with its effect on a partner or its cause at one."""
        probe, breach = finding.probe, finding.breach
        who = f"{probe.probe} ({probe.session})"
        if finding.of_session:
            message = f"{probe.session}: {finding.message}"
        elif finding.message:
            message = f"{who}: {finding.message}"
        else:
            sentence = _sentence(finding, self._what(finding))
            message = f"{who} {sentence}{self._unconnected(finding)}"
            if self._stood_still(finding):
                message += "; no media that are owed came to any probe then"
        cause = self._cause_of(finding)
        if cause is not None and cause.breach.code == LEFT:
            is_first = self._is_first_to_leave(cause.probe)
            message += f"; {cause.probe.probe} {'left first' if is_first else 'had left'}"
        elif cause is not None and cause.breach.code == NO_CONNECTION:
            message += f"; {cause.probe.probe}'s page made no connection"
        elif cause is not None and self._was_never_sent(cause):
            message += f"; {cause.probe.probe}'s page never sent it"
        elif cause is not None:
            in_hold = cause.breach.code == AFTER_JOIN
            whose = cause.stream or ("step in the hold" if in_hold else "join")
            message += f"; {cause.probe.probe}'s {whose} failed first ({cause.breach.code})"
        elif self._was_never_sent(finding):
            message += "; its page never sent any"
        elif finding.is_uplink_loss and finding.kind is not None:
            message += self._loss_at_receiver(probe, finding.kind)
        elif self._is_reduced_for_receiver(finding):
            message += f"; {self._first_to_fall}'s bandwidth estimate fell first"
        message += self._page_act(finding)
        return Reason(
            breach.code,
            message,
            probe=None if finding.of_session else probe.probe,
            session=probe.session,
            stream=finding.stream,
            sender=finding.sender,
            value=breach.value,
            limit=breach.limit,
            at_s=breach.at_s,
            worst_at_s=breach.worst_at_s,
        )

    def _what(self, finding: Finding) -> str:
        """The stream in words: `inbound video from p001`, `outbound video to p001`."""
        if finding.stream is None or finding.kind is None:
            return "it"
        whose = f" from {one_of(finding.senders)}" if finding.senders else ""
        if finding.direction == "outbound":
            to = self._going.get((finding.probe.probe, finding.kind, finding.track))
            whose = "" if to is None else f" to {to.names}"
        return f"{finding.stream}{whose}"

    def _unconnected(self, finding: Finding) -> str:
        """The states of a page's connections, for a stream that never came."""
        states = self._streams.evidence.never_connected.get(finding.probe.probe, {})
        if finding.breach.code != "setup" or finding.breach.value is not None or not states:
            return ""
        reached = " and ".join(dict.fromkeys(states.values()))
        return (
            f"; {counted(len(states), 'connection')} of its page never connected ({reached}): "
            "usual cause: the server announces an address that the probe cannot reach"
        )

    def _page_act(self, finding: Finding) -> str:
        """What a page did first as this began: its own, its sender's, in a call its partner's."""
        involved = {finding.probe.probe, *finding.senders}
        plan, call = self._streams.evidence.plan, finding.probe.session
        session = [probe.probe for probe in plan.probes if probe.session == call]
        if len(session) == 2:
            involved.update(session)
        act = self._act_of(involved, finding)
        return act and f"; {act}"

    def _act_of(self, probes: Collection[str], finding: Finding) -> str:
        """What one of these probes' pages did first as this began; not the load that it tells."""
        evidence, probe = self._streams.evidence, finding.probe.probe
        is_told = finding.breach.code == LEFT and probe in evidence.reloaded
        told = probe if is_told else ""
        return act_before(evidence, probes, finding.breach.at_s, but_loads_of=told)

    @property
    def _first_to_fall(self) -> str | None:
        fall = self._streams.evidence.first_to_fall
        return None if fall is None else fall.probe

    def _is_reduced_for_receiver(self, finding: Finding) -> bool:
        """Whether a sender was asked to send less because one receiver could not get more."""
        fall = self._streams.evidence.first_to_fall
        reduced = finding.direction == "outbound" and finding.breach.code in REDUCED_CODES
        return fall is not None and reduced and finding.probe.probe == fall.sender

    def _loss_at_receiver(self, sender: ProbePlan, kind: MediaKind) -> str:
        """How much of a stream its receivers lost, the worst of them."""
        losses = {
            receiver.probe: self._streams.inbound_loss(receiver.probe, kind)
            for receiver in self._streams.receivers_of(sender, kind)
        }
        if not losses:
            return ""
        receiver, loss = max(losses.items(), key=lambda item: item[1] or 0.0)
        lost = "an unknown share" if loss is None else percent(loss)
        return f"; its partner {receiver} lost {lost} of it on the way down"


def _never_came(finding: Finding) -> bool:
    """Whether it is of a received stream that never came."""
    is_setup = finding.direction == "inbound" and finding.breach.code == "setup"
    return is_setup and finding.breach.value is None


def _rank(finding: Finding) -> tuple[float, float]:
    return (-float(finding.is_uplink_loss), -finding.breach.beyond)


def _sentence(finding: Finding, what: str) -> str:
    breach = finding.breach
    value, limit = breach.value, breach.limit
    if value is None or limit is None:
        if breach.code == "setup":
            return f"{what} got no first media, limit {limit or 0:g} s"
        return f"{what} was not seen: its page was not polled"
    ratio = "retransmission" if finding.direction == "outbound" else "NACK"
    target = f"had a target bitrate of {value / 1000:.0f} kbit/s"
    sentences = {
        "setup": f"took {_apart(value, limit)} s to its first media, limit {limit:g} s",
        "residual_loss": f"lost {percent(value)} of its packets, limit {percent(limit)}",
        "repair": f"had a {ratio} ratio of {percent(value)}, limit {percent(limit)}",
        "delivered": f"delivered {percent(value)} of what was sent, limit {percent(limit)}",
        "target_bitrate": f"{target}, limit {limit / 1000:.0f} kbit/s",
        "frame_rate": f"had {_apart(value, limit)} frames/s, limit {limit:.1f}",
        "stalled": f"was frozen for {percent(value)} of a window, limit {percent(limit)}",
        "gap": f"had no packet for {_apart(value, limit)} s, limit {limit:g} s",
        "size": f"changed its size to {value:.0f} pixels, was {limit:.0f}",
        "frame_height": f"had frames of {value:.0f} pixels in height, limit {limit:.0f}",
        "pixels": f"had {value / 1e6:.2f} million pixels/s, limit {limit / 1e6:.2f}",
    }
    return f"{what} {sentences[breach.code]}"


def _apart(value: float, limit: float) -> str:
    """The value with one digit, or with as many, up to three, as tell it from the limit."""
    digits = next((n for n in (1, 2) if round(value, n) != round(limit, n)), 3)
    return f"{value:.{digits}f}"
