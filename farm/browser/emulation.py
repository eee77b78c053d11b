"""Network conditions of a probe as DevTools wants them. Pure."""

from __future__ import annotations

from farm.model.trial_plan import AccessLink

PACKET_BYTES = 1200
QUEUE_S = 0.3
SHORTEST_QUEUE = 10


def emulation(line: AccessLink) -> dict[str, float | bool]:
    """Parameters of `Network.emulateNetworkConditions`, which also shapes WebRTC.

    It must be sent before the page makes its peer connection. Its `latency` counts one way and is
    never sent as 0: Chromium would then ignore `packetLoss` in silence. A limited link queues
    300 ms of packets, as real ones do, and drops what comes on top.
    """
    limits_kbps = [limit for limit in (line.up_kbps, line.down_kbps) if limit is not None]
    queue = 0
    if limits_kbps:
        queue = max(SHORTEST_QUEUE, round(max(limits_kbps) * 125 * QUEUE_S / PACKET_BYTES))
    return {
        "offline": False,
        "latency": max(1.0, line.latency_s * 1000),
        "downloadThroughput": _bytes_per_s(line.down_kbps),
        "uploadThroughput": _bytes_per_s(line.up_kbps),
        "packetLoss": line.loss_ratio * 100,
        "packetQueueLength": queue,
    }


def _bytes_per_s(kbps: int | None) -> float:
    """In DevTools -1 means no limit."""
    return -1 if kbps is None else kbps * 125
