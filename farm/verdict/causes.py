"""Who spoilt a session: findings -> reasons, causes before their effects. Pure.

One probe's bad network shows in others, too: what it cannot send its partner does not receive, and
what it cannot receive its partner is told to send less of (a server passes on the smallest estimate
of a stream's receivers). So within a session the probe whose own way up loses packets is named
first, and what its partner suffers is told beside it. Before all comes one whose page left.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from farm.model.trial_evidence import StreamIdentity
from farm.model.trial_plan import Direction, ProbePlan
from farm.model.verdict import Reason
from farm.model.webrtc_stats import MediaKind
from farm.model.wording import counted, percent
from farm.planning.receivers import receivers
from farm.verdict.stream_limits import Breach
from farm.verdict.trial_streams import TrialStreams

UP_LOSSES = ("residual_loss", "repair")
TOLD_LESS = ("target_bitrate", "frame_rate")
LEFT = "left"
"""The code of a page that closed its connections before the hold was over."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A limit that a probe's stream broke; without direction and kind, the probe itself.

    `senders` are the probes that a received stream may come from, as `StreamIdentity` has them, and
    `track` its number among those of its kind. `said` is the message where something else has one
    already. `of_session`: not the probe's.
    """

    probe: ProbePlan
    breach: Breach
    direction: Direction | None = None
    kind: MediaKind | None = None
    said: str = ""
    of_session: bool = False
    senders: tuple[str, ...] = ()
    track: int = 0

    @classmethod
    def of(cls, probe: ProbePlan, breach: Breach, stream: StreamIdentity) -> Finding:
        """A limit that this stream of the probe broke."""
        return cls(
            probe,
            breach,
            stream.direction,
            stream.kind,
            senders=stream.senders,
            track=stream.track,
        )

    @property
    def role(self) -> str:
        return "" if self.of_session else self.probe.role

    @property
    def up_loss(self) -> bool:
        """Packets lost between the probe and the server: nobody else's doing."""
        return self.direction == "outbound" and self.breach.code in UP_LOSSES

    @property
    def stream(self) -> str | None:
        return f"{self.direction} {self.kind}" if self.direction and self.kind else None

    @property
    def sender(self) -> str | None:
        """Whom a received stream comes from: `p001`, or `p001 or p002` where that is not known."""
        return " or ".join(self.senders) or None


class Blame:
    """All findings of a trial, ordered and explained."""

    def __init__(self, findings: Sequence[Finding], streams: TrialStreams) -> None:
        self._streams = streams
        self._going = receivers(streams.evidence.streams) if findings else {}
        self._of_probe: dict[str, list[Finding]] = {}
        for finding in findings:
            self._of_probe.setdefault(finding.probe.probe, []).append(finding)
        self.findings = self._in_order(findings)
        """The worst session first; in it the probe that spoilt it, its causes before effects."""

    @property
    def reasons(self) -> tuple[Reason, ...]:
        return tuple(self._reason(finding) for finding in self.findings)

    def _in_order(self, findings: Sequence[Finding]) -> tuple[Finding, ...]:
        beyond: dict[str, float] = {}
        for finding in findings:
            session = finding.probe.session
            beyond[session] = max(beyond.get(session, 0.0), finding.breach.beyond)
        guilt = {probe: _guilt(theirs) for probe, theirs in self._of_probe.items()}

        def key(finding: Finding) -> tuple[object, ...]:
            session, probe = finding.probe.session, finding.probe.probe
            is_effect = self._cause(finding) is not None
            return -beyond[session], session, guilt[probe], probe, is_effect, _rank(finding)

        return tuple(sorted(findings, key=key))

    def _cause(self, finding: Finding) -> Finding | None:
        """What explains a finding by another probe, if that comes before it in order."""
        if finding.kind is None or finding.up_loss:
            return None
        causes: list[Finding] = []
        if finding.direction == "inbound":
            theirs = self._of_probe.get(finding.senders[0], []) if len(finding.senders) == 1 else []
            causes = [other for other in theirs if other.up_loss or other.direction is None]
        elif finding.breach.code in TOLD_LESS:
            causes = [
                other
                for receiver in self._streams.hearers_of(finding.probe, finding.kind)
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
        theirs = self._of_probe[first.probe.probe]
        mine = self._of_probe[finding.probe.probe]
        return first if _guilt(theirs) < _guilt(mine) else None

    def _reason(self, finding: Finding) -> Reason:
        """The finding in words, with what it did to a partner or what a partner did to it."""
        probe, breach = finding.probe, finding.breach
        who = f"{probe.probe} ({probe.session})"
        if finding.of_session:
            message = f"{probe.session}: {finding.said}"
        elif finding.said:
            message = f"{who}: {finding.said}"
        else:
            sentence = _sentence(finding.breach, self._what(finding))
            message = f"{who} {sentence}{self._unconnected(finding)}"
        cause = self._cause(finding)
        if cause is not None and cause.breach.code == LEFT:
            message += f"; {cause.probe.probe} left first"
        elif cause is not None:
            whose = cause.stream or "join"
            message += f"; {cause.probe.probe}'s {whose} failed first ({cause.breach.code})"
        elif finding.up_loss and finding.kind is not None:
            message += self._beside(probe, finding.kind)
        elif self._was_pulled_down(finding):
            message += f"; {self._first_to_fall}'s estimate fell first"
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
        )

    def _what(self, finding: Finding) -> str:
        """The stream in words: `inbound video from p001`, `outbound video to p001`."""
        if finding.stream is None or finding.kind is None:
            return "it"
        whose = f" from {finding.sender}" if finding.sender else ""
        if finding.direction == "outbound":
            to = self._going.get((finding.probe.probe, finding.kind, finding.track))
            whose = "" if to is None else f" to {to.names}"
        return f"{finding.stream}{whose}"

    def _unconnected(self, finding: Finding) -> str:
        """What connections say of a stream that never came."""
        states = self._streams.evidence.never_connected.get(finding.probe.probe, {})
        if finding.breach.code != "setup" or finding.breach.value is not None or not states:
            return ""
        reached = " and ".join(dict.fromkeys(states.values()))
        return (
            f"; {counted(len(states), 'connection')} of its page never connected ({reached}): "
            "usual cause: the server announces an address that the probe cannot reach"
        )

    @property
    def _first_to_fall(self) -> str | None:
        fall = self._streams.evidence.first_to_fall
        return None if fall is None else fall.probe

    def _was_pulled_down(self, finding: Finding) -> bool:
        """A sender that was told to send less, because one of its receivers could not have more."""
        fall = self._streams.evidence.first_to_fall
        told = finding.direction == "outbound" and finding.breach.code in TOLD_LESS
        return fall is not None and told and finding.probe.probe == fall.sender

    def _beside(self, sender: ProbePlan, kind: MediaKind) -> str:
        """What those who receive a stream lost of it, the worst of them."""
        losses = {
            receiver.probe: self._streams.inbound_loss(receiver.probe, kind)
            for receiver in self._streams.hearers_of(sender, kind)
        }
        if not losses:
            return ""
        receiver, loss = max(losses.items(), key=lambda item: item[1] or 0.0)
        lost = "an unknown share" if loss is None else percent(loss)
        return f"; its partner {receiver} lost {lost} of it on the way down"


def _guilt(findings: list[Finding]) -> tuple[float, ...]:
    """Sorts the probes of a session, the one that spoilt it first.

    Those who left; those whose way up lost packets for good, then for repair; then those who had
    no partner to fail them; then by how far they are off, then by when they were.
    """
    up = dict.fromkeys(UP_LOSSES, 0.0)
    for finding in findings:
        if finding.up_loss:
            up[finding.breach.code] = max(up[finding.breach.code], finding.breach.beyond)
    left_alone = all(finding.breach.code == "partner" for finding in findings)
    return (
        -float(any(finding.breach.code == LEFT for finding in findings)),
        *(-up[code] for code in UP_LOSSES),
        float(left_alone),
        -max(finding.breach.beyond for finding in findings),
        min(finding.breach.at_s for finding in findings),
    )


def _rank(finding: Finding) -> tuple[float, float]:
    return (-float(finding.up_loss), -finding.breach.beyond)


def _sentence(breach: Breach, what: str) -> str:
    value, limit = breach.value, breach.limit
    if value is None or limit is None:
        nothing = {"setup": f"got no first media, limit {limit or 0:g} s"}
        return f"{what} {nothing.get(breach.code, 'was not seen at all: no poll tells of it')}"
    sentences = {
        "setup": f"took {value:.1f} s to its first media, limit {limit:g} s",
        "residual_loss": f"lost {percent(value)} of its packets, limit {percent(limit)}",
        "repair": f"had {percent(value)} of its packets repaired, limit {percent(limit)}",
        "delivered": f"delivered {percent(value)} of what was sent, limit {percent(limit)}",
        "target_bitrate": f"aimed at {value / 1000:.0f} kbit/s, limit {limit / 1000:.0f} kbit/s",
        "frame_rate": f"had {value:.1f} frames/s, limit {limit:.1f}",
        "stalled": f"stood still {percent(value)} of a window, limit {percent(limit)}",
        "gap": f"had no packet for {value:.1f} s, limit {limit:g} s",
        "size": f"changed its size to {value:.0f} pixels, was {limit:.0f}",
        "pixels": f"had {value / 1e6:.2f} million pixels/s, limit {limit / 1e6:.2f}",
    }
    return f"{what} {sentences[breach.code]}"
