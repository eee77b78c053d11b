"""Notes on roles that are owed nothing, and on what their pages received all the same. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from farm.model.session_roles import SERVER
from farm.model.trial_evidence import TrialEvidence
from farm.model.webrtc_stats import MEDIA_KINDS, MediaKind
from farm.planning.unjudged_roles import hardly_judged, hardly_judged_text, owed_nothing


def unjudged_notes(evidence: TrialEvidence) -> Iterator[str]:
    """One note on each role that is owed nothing and received media, and one on those that did not
    and whose trials can hardly fail."""
    received = _received(evidence)
    for role, (probe, kinds) in received.items():
        media = " and ".join(kinds)
        yield (
            f"{role} is owed nothing: the {media} that {probe} received {_is_are(kinds)} not "
            f"judged; to judge {_it_them(kinds)} set scenario.roles.{role}.receives: "
            f"{{{SERVER}: [{', '.join(kinds)}]}} if the server makes {_it_them(kinds)}, else the "
            "roles that send"
        )
    silent = tuple(role for role in hardly_judged(evidence.plan) if role not in received)
    if silent:
        yield hardly_judged_text(silent)


def _received(evidence: TrialEvidence) -> Mapping[str, tuple[str, list[MediaKind]]]:
    """By role that is owed nothing: its first probe that received anything, and of which kinds."""
    kinds: defaultdict[str, set[MediaKind]] = defaultdict(set)
    for each in evidence.streams:
        if each.direction == "inbound" and each.seen:
            kinds[each.probe].add(each.kind)
    first: dict[str, str] = {}
    for probe in evidence.plan.probes:
        if probe.probe in kinds:
            first.setdefault(probe.role, probe.probe)
    return {
        role: (first[role], [kind for kind in MEDIA_KINDS if kind in kinds[first[role]]])
        for role in owed_nothing(evidence.plan)
        if role in first
    }


def _is_are(kinds: Sequence[str]) -> str:
    return "is" if len(kinds) == 1 else "are"


def _it_them(kinds: Sequence[str]) -> str:
    return "it" if len(kinds) == 1 else "them"
