"""The rate that a receiver can take, and the REMB to send to a sender, in bit/s. Pure.

Kurento sends a sender by REMB the lowest rate of its receivers. The rate of a receiver follows from
its browser's REMB and from the loss in its reports, between the endpoint's minVideoSendBandwidth
and maxVideoSendBandwidth.
"""

from __future__ import annotations

KBIT = 1000

_LOSS_BACKS_OFF = 0.10
_LOSS_HOLDS = 0.02
_RECOVERY = 1.08


class ReceiverEstimate:
    """The rate that one receiving browser can take.

    Loss counts as in draft-ietf-rmcat-gcc-02 section 6: above 10 % the rate goes down with it,
    below 2 % it recovers by 8 % a report, up to what it was before.
    """

    def __init__(self) -> None:
        self.remb_bps: int | None = None
        self._loss_cap_bps: float | None = None

    def on_remb(self, bitrate_bps: int) -> None:
        self.remb_bps = bitrate_bps

    def on_loss(self, fraction: float, sent_bps: float) -> None:
        """A report says that `fraction` of what was lately sent, at `sent_bps`, was lost."""
        if fraction > _LOSS_BACKS_OFF:
            cap = sent_bps if self._loss_cap_bps is None else min(self._loss_cap_bps, sent_bps)
            self._loss_cap_bps = cap * (1 - 0.5 * fraction)
        elif fraction < _LOSS_HOLDS and self._loss_cap_bps is not None:
            self._loss_cap_bps *= _RECOVERY

    def limit_bps(self, minimum_kbps: int, maximum_kbps: int) -> float:
        """The rate to allow; `maximum_kbps` 0 is no maximum."""
        limits = [self.remb_bps, self._loss_cap_bps, maximum_kbps * KBIT or None]
        known = [limit for limit in limits if limit is not None]
        return max(min(known, default=float("inf")), minimum_kbps * KBIT)


class SenderAllowance:
    """The rate for a sender that no receiver limits (there is none, or only a recorder).

    As Kurento's own estimate: from `rembOnConnect` up by `exponentialFactor` every half second,
    down by `decrementFactor` at loss, and never far above what comes in.
    """

    def __init__(self, start_bps: int, growth: float, decrement: float) -> None:
        self._start_bps = start_bps
        self._growth = growth
        self._decrement = decrement
        self.bitrate_bps = float(start_bps)

    def advance(self, elapsed_s: float, received_bps: float, fraction_lost: float) -> None:
        if fraction_lost > _LOSS_BACKS_OFF:
            self.bitrate_bps = max(self.bitrate_bps * self._decrement, self._start_bps / 10)
            return
        grown = self.bitrate_bps * (1 + self._growth) ** (elapsed_s / 0.5)
        ceiling = max(2 * received_bps, self._start_bps)
        self.bitrate_bps = max(self.bitrate_bps, min(grown, ceiling))


def remb_to_sender(
    receivers_bps: float | None, allowance_bps: float, minimum_kbps: int, maximum_kbps: int
) -> int:
    """The REMB to send: the lowest of the receivers, or else the allowance.

    Both are kept within the endpoint's minVideoRecvBandwidth and maxVideoRecvBandwidth (0: none).
    """
    wanted = allowance_bps if receivers_bps is None else receivers_bps
    if maximum_kbps:
        wanted = min(wanted, maximum_kbps * KBIT)
    return int(max(wanted, minimum_kbps * KBIT))
