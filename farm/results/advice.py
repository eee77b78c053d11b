"""What to change after an invalid trial, by the codes of its reasons. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from farm.model.verdict import ASSUMED_MEDIA, OTHER_PROGRAMS

ROOM = (
    "Give the generator more cores or machines (hosts), make the video smaller (media), or use "
    "light probes (probes.fidelity: light)."
)
_LOGS = "See Chromium's logs in logs/ of the run; memory and /dev/shm are the usual causes."
_MACHINES = "Check the machines that run the probes: one hung, slept or lost its network."

ADVICE: Mapping[str, str] = {
    ASSUMED_MEDIA: "Set scenario.media to mixed or forwarded in the experiment.",
    "steal": "Use another type of machine for the probes: others, or a limit, take its CPU time.",
    OTHER_PROGRAMS: "Stop the other programs on that machine, or give the probes more cores.",
    "cpu_quota": "Raise the CPU quota of the container, or control group, that probes run in.",
    "memory": "Give the generator more memory, or use light probes (probes.fidelity: light).",
    "udp_drops": "Raise net.core.rmem_max and net.core.rmem_default there, or give it more cores.",
    "thread_cpu": "Put fewer probes into each browser (probes.per_browser).",
    "app_died": "See the log of the demo app in logs/ of the run.",
    "browser": _LOGS,
    "browser_crashed": _LOGS,
    "light_probe": "Use full probes (probes.fidelity: full), or another version of Chromium.",
    "host_lost": _MACHINES,
    "host_unseen": _MACHINES,
    "witness": "Put fewer probes on each host, or give the experiment more hosts.",
}
"""By code, causes before their effects; for any other code the advice is `ROOM`."""


def advice(codes: Iterable[str]) -> str:
    """The advice for the first of these codes in that order, as a sentence."""
    seen = set(codes)
    return next((helps for code, helps in ADVICE.items() if code in seen), ROOM)
