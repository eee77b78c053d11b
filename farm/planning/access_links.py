"""Access links that are emulated for probes, by name, and which probe gets which. Pure.

The figures of the names are those of WebPageTest's connectivity profiles (its settings file
`connectivity.ini`): kbit/s down and up, and a round trip that is halved here, one way each. None of
them loses packets by itself; `network.loss` adds that.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache
from types import MappingProxyType

from farm.model.experiment import Experiment, NetworkProfile, NetworkSettings, NetworkShare
from farm.model.trial_plan import AccessLink

NOT_EMULATED: NetworkProfile = "none"

ACCESS_LINKS: Mapping[NetworkProfile, AccessLink] = MappingProxyType(
    {
        "none": AccessLink("none"),
        "fiber": AccessLink("fiber", latency_s=0.002, down_kbps=20_000, up_kbps=5_000),
        "cable": AccessLink("cable", latency_s=0.014, down_kbps=5_000, up_kbps=1_000),
        "dsl": AccessLink("dsl", latency_s=0.025, down_kbps=1_500, up_kbps=384),
        "lte": AccessLink("lte", latency_s=0.035, down_kbps=12_000, up_kbps=12_000),
        "4g": AccessLink("4g", latency_s=0.085, down_kbps=9_000, up_kbps=9_000),
        "3g_fast": AccessLink("3g_fast", latency_s=0.075, down_kbps=1_600, up_kbps=768),
        "3g": AccessLink("3g", latency_s=0.15, down_kbps=1_600, up_kbps=768),
        "3g_slow": AccessLink("3g_slow", latency_s=0.2, down_kbps=400, up_kbps=400),
    }
)


def access_link_of(network: NetworkSettings, number: int) -> AccessLink | None:
    """The access link of the probe of that number (0 for `p000`); `None`: none is emulated.

    Probes get the profiles of a mix in turns, so that any first probes have its shares, too.
    """
    if network.probes is not None and f"p{number:03d}" not in network.probes:
        return None
    named = ACCESS_LINKS[_profile(network, number)]
    line = AccessLink(
        named.profile,
        latency_s=named.latency_s if network.latency_s is None else network.latency_s,
        loss_ratio=named.loss_ratio if network.loss is None else network.loss,
        up_kbps=named.up_kbps if network.up is None else network.up,
        down_kbps=named.down_kbps if network.down is None else network.down,
    )
    return None if line == AccessLink(named.profile) else line


def warning(experiment: Experiment) -> str | None:
    """The warning about different access links for viewers of one broadcast on a Kurento."""
    network = experiment.network
    alike = network.probes is None and len(network.mix or ()) < 2
    if experiment.scenario.kind != "broadcast" or alike or experiment.server.kurento is None:
        return None
    return (
        "network: the viewers of one broadcast get different access links: Kurento sends its "
        "presenter the smallest bandwidth estimate of all viewers, so that one slow viewer "
        "slows them all"
    )


def _profile(network: NetworkSettings, number: int) -> NetworkProfile:
    if network.mix is None:
        return network.profile
    return _turns(network.mix, 1 << number.bit_length())[number]


@lru_cache(maxsize=32)
def _turns(mix: tuple[NetworkShare, ...], count: int) -> Sequence[NetworkProfile]:
    """The profiles of the first `count` probes, each the one whose share lacks most.

    For a larger `count` they begin alike. They are cached, as a plan asks for each of its probes.
    """
    given = [0] * len(mix)
    turns: list[NetworkProfile] = []
    for served in range(count):
        owed = [part.share * (served + 1) - got for part, got in zip(mix, given, strict=True)]
        at = owed.index(max(owed))
        given[at] += 1
        turns.append(mix[at].profile)
    return turns
