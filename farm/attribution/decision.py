"""Orders the signs of saturation of a trial that failed, causes before their effects. Pure.

A saturated resource saturates others: a server without CPU does not read its sockets, which
overflow then; one without memory reads from disk; with any of them joins are late. So of several
signs the one that can be the cause of the others comes first, in the order of `_CAUSES`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from farm.attribution.bad_period import BadPeriod, bad_periods
from farm.attribution.descriptors import descriptor_signs
from farm.attribution.impairment import impairment_of
from farm.attribution.limit import Resource, SaturationSign, ServerResources
from farm.attribution.memory import memory_signs
from farm.attribution.network import buffer_signs, network_signs, path_signs
from farm.attribution.processor import processor_signs
from farm.attribution.signalling import signalling_signs
from farm.attribution.storage import storage_signs
from farm.model.trial_evidence import TrialEvidence
from farm.model.trial_result import TrialResult

_CAUSES: Sequence[tuple[Resource, bool | None]] = (
    ("memory", True),
    ("descriptors", None),
    ("network_bits", True),
    ("network_packets", True),
    ("cpu_quota", None),
    ("cpu_steal", None),
    ("cpu_total", None),
    ("cpu_thread", None),
    ("generator", None),
    ("network_packets", False),
    ("disk", None),
    ("memory", False),
    ("network_bits", False),
    ("udp_buffers", None),
    ("signalling", None),
)
"""Causes before their effects: a resource, and whether the kernel counted (None: either)."""

_LASTING: frozenset[Resource] = frozenset(
    {"memory", "descriptors", "disk", "cpu_quota", "cpu_steal"}
)
"""Resources that may be saturated without effect: they explain nothing that is new if they were
so in the trial that passed."""


def signs_of(
    result: TrialResult,
    broken: TrialEvidence,
    machine: ServerResources,
    held: TrialEvidence | None = None,
) -> tuple[SaturationSign, ...]:
    """The strongest sign of each resource; the one that was saturated first in front, if any was.

    `held` is the evidence of a trial that passed at the largest load that does.
    """
    here = bad_periods(broken, impairment_of(broken, held), result.verdict.reasons)
    there = () if held is None else bad_periods(held, impairment_of(held))
    own = _own_signs(here, machine)
    if held is not None and all(sign.share < 1 for sign in own):
        own += path_signs(here[-1], there[-1], result.load, held.plan.load)
    signs = _strongest([*own, *signalling_signs(here[0], held)])
    before = {each.resource: each for each in _own_signs(there, machine)}
    # A figure that was as high in a trial that passed explains nothing new.
    discounted = [_discounted(sign, before.get(sign.resource)) for sign in signs]
    return tuple(sorted(discounted, key=_order))


def _own_signs(parts: Iterable[BadPeriod], machine: ServerResources) -> list[SaturationSign]:
    return _strongest(
        sign
        for here in parts
        for signs in (
            processor_signs(here, machine),
            memory_signs(here, machine),
            storage_signs(here),
            network_signs(here, machine),
            buffer_signs(here),
            descriptor_signs(here),
        )
        for sign in signs
    )


def _strongest(signs: Iterable[SaturationSign]) -> list[SaturationSign]:
    strongest: dict[Resource, SaturationSign] = {}
    for sign in signs:
        best = strongest.get(sign.resource)
        if best is None or sign.share > best.share:
            strongest[sign.resource] = sign
    return list(strongest.values())


def _discounted(sign: SaturationSign, before: SaturationSign | None) -> SaturationSign:
    if before is None or sign.resource not in _LASTING or sign.share < 1:
        return sign
    if before.share >= 0.95 * sign.share and not sign.counted:
        text = f"{sign.said}, as in the trial that passed"
        return replace(sign, share=0.99, said=text)
    return sign


def _order(sign: SaturationSign) -> tuple[float, float]:
    """Sort key: saturated ones in the order of causes; the rest by how close they were."""
    if sign.share < 1:
        return (len(_CAUSES), -sign.share)
    for rank, (resource, counted) in enumerate(_CAUSES):
        if sign.resource == resource and counted in (None, sign.counted):
            return (rank, -sign.share)
    return (len(_CAUSES) - 1, -sign.share)
