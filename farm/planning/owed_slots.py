"""The senders of each stream that a probe is owed, as far as its plan tells. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from farm.model.session_roles import kind_of
from farm.model.trial_plan import ProbePlan, SessionPlan, TrialPlan
from farm.model.webrtc_stats import MEDIA_KINDS, MediaKind


@dataclass(frozen=True, slots=True)
class OwedSlot:
    """A stream that is owed; it may come from any of `senders`, where there are none from any.

    Those of the server's own have `SERVER` as their only sender.
    """

    senders: tuple[str, ...] = ()
    is_screen: bool = False

    @property
    def sender(self) -> str | None:
        """The one whose it is, if there is only one."""
        return self.senders[0] if len(self.senders) == 1 else None


Of = tuple[str, MediaKind]


def owed_slots(plan: TrialPlan) -> Mapping[Of, tuple[OwedSlot, ...]]:
    """By receiver and kind the streams that it is owed, in the order of their tracks.

    A broadcast's viewers share one list, so that ten thousand of them cost no more than one.
    """
    found: dict[Of, tuple[OwedSlot, ...]] = {}
    for session in plan.sessions:
        found.update(_of_session(session, mixed=plan.mixed))
    return found


def sent_slots(probe: ProbePlan, kind: MediaKind) -> tuple[OwedSlot, ...]:
    """The streams of a kind that a probe owes, in the order of their tracks."""
    return tuple(
        OwedSlot(is_screen=media == "screen")
        for media, tracks in probe.sent_media.items()
        if kind_of(media) == kind
        for _ in tracks
    )


def _of_session(session: SessionPlan, *, mixed: bool) -> Mapping[Of, tuple[OwedSlot, ...]]:
    found: dict[Of, tuple[OwedSlot, ...]] = {}
    for kind in MEDIA_KINDS:
        senders = tuple(each.probe for each in session.probes if kind in each.sends)
        sending = frozenset(senders)
        shared: dict[int, tuple[OwedSlot, ...]] = {}
        for probe in session.probes:
            count = probe.receives.count(kind)
            if probe.groups:
                found[probe.probe, kind] = _of_groups(probe, kind)
            elif mixed:
                found[probe.probe, kind] = (OwedSlot(),) * count
            elif probe.probe in sending:
                others = tuple(each for each in senders if each != probe.probe)
                found[probe.probe, kind] = _slots(others, count)
            else:
                if count not in shared:
                    shared[count] = _slots(senders, count)
                found[probe.probe, kind] = shared[count]
    return found


def _of_groups(probe: ProbePlan, kind: MediaKind) -> tuple[OwedSlot, ...]:
    return tuple(
        slot
        for group in probe.groups
        if kind_of(group.media) == kind
        for slot in _slots(group.senders, group.count, is_screen=group.media == "screen")
    )


def _slots(
    senders: tuple[str, ...], count: int, *, is_screen: bool = False
) -> tuple[OwedSlot, ...]:
    """One of each sender; if fewer are owed than there are senders, any of them.

    Of one sender alone there may be several.
    """
    if len(senders) == count:
        return tuple(OwedSlot((sender,), is_screen) for sender in senders)
    return (OwedSlot(senders, is_screen),) * count
