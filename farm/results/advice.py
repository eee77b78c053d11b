"""What helps after a trial that is not judged, by the codes of its reasons. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from farm.model.verdict import ASSUMED_MEDIA, OTHER_PROGRAMS

ROOM = (
    "Give the generator more cores or machines (hosts), make the pictures smaller (media), or use "
    "light probes (probes.fidelity: light)."
)
_LOGS = "See logs/ of the run for what Chromium said; memory and /dev/shm are the usual causes."
_MACHINES = "Look at the machines that run the probes: one hung, slept or lost its network."

ADVICE: Mapping[str, str] = {
    ASSUMED_MEDIA: "Say in the experiment whether rooms are mixed or forwarded (scenario.media).",
    "steal": "Take another type of machine for the probes: neighbours, or a limit, have its CPU.",
    OTHER_PROGRAMS: "Stop the other programs on that machine, or give the probes more cores.",
    "cpu_quota": "Raise the CPU quota of the container, or control group, that probes run in.",
    "memory": "Give the generator more memory, or use light probes (probes.fidelity: light).",
    "udp_drops": "Raise net.core.rmem_max and net.core.rmem_default there, or give it more cores.",
    "thread_cpu": "Put fewer probes into each browser (probes.per_browser).",
    "app_died": "See logs/ of the run for the last words of the demo app.",
    "browser": _LOGS,
    "browser_crashed": _LOGS,
    "host_lost": _MACHINES,
    "host_unseen": _MACHINES,
    "witness": "Put fewer probes on each host, or give the experiment more hosts.",
}
"""By code, the causes that explain others first; any other code asks for more room."""


def advice(codes: Iterable[str]) -> str:
    """What helps most, as a sentence."""
    seen = set(codes)
    return next((helps for code, helps in ADVICE.items() if code in seen), ROOM)
