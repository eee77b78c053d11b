"""Notes on roles that are owed nothing, and on what their pages received all the same. Pure."""

from __future__ import annotations

from collections.abc import Iterator

from farm.model.session_roles import SERVER
from farm.model.trial_evidence import TrialEvidence
from farm.model.webrtc_stats import MEDIA_KINDS
from farm.planning.unjudged_roles import hardly_judged, hardly_judged_text, owed_nothing


def unjudged_notes(evidence: TrialEvidence) -> Iterator[str]:
    """One note on each role that is owed nothing and received media, and one on those that did not
    and whose trials can hardly fail."""
    received = {
        role: streams for role in owed_nothing(evidence.plan) if (streams := _of(evidence, role))
    }
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


def _of(evidence: TrialEvidence, role: str) -> tuple[str, list[str]] | None:
    """The first probe of the role that received anything, and the kinds that it received."""
    names = [probe.probe for probe in evidence.plan.probes if probe.role == role]
    kinds = {
        name: {
            each.kind
            for each in evidence.streams
            if each.probe == name and each.direction == "inbound" and each.seen
        }
        for name in names
    }
    first = next((name for name in names if kinds[name]), None)
    return None if first is None else (first, [k for k in MEDIA_KINDS if k in kinds[first]])


def _is_are(kinds: list[str]) -> str:
    return "is" if len(kinds) == 1 else "are"


def _it_them(kinds: list[str]) -> str:
    return "it" if len(kinds) == 1 else "them"
