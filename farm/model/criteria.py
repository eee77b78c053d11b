"""The sections `criteria` and `invalid`: limits of media quality and of the load generator."""

from __future__ import annotations

from dataclasses import dataclass

from farm.model.setting import setting


@dataclass(frozen=True, slots=True)
class Criteria:
    setup_within_s: float = setting(
        15.0, "to the first media", key="setup_within", unit="duration", minimum=0.1
    )
    delivered: float = setting(
        0.95, "received / sent payload, forwarded streams", minimum=0, maximum=1
    )
    target_of_baseline: float = setting(0.8, "senders' targetBitrate", minimum=0, maximum=1)
    frame_rate_of_baseline: float = setting(
        0.8, "frame rate, of the camera's; of a mix, of its baseline", minimum=0, maximum=1
    )
    pixels_of_baseline: float = setting(
        0.5, "received pixels a second, forwarded video", minimum=0, maximum=1
    )
    frame_height: int | None = setting(
        None, "pixels, of received video at the end of a window; null: any", minimum=1
    )
    residual_loss: float = setting(
        0.01, "post-repair loss (RFC 5725), a window", minimum=0, maximum=1
    )
    repair: float = setting(0.03, "NACK / retransmission ratio, a window", minimum=0, maximum=1)
    gap_s: float = setting(
        2.0, "longest time without a packet", key="gap", unit="duration", minimum=0.1
    )
    stalled_share: float = setting(0.01, "freeze ratio, a window", minimum=0, maximum=1)
    bad_share: float | None = setting(
        None, "share of units that may fail", minimum=0, maximum=1, null="auto"
    )


HOST_BUSY = 0.85
"""CPU use of a host from which other programs, or unknown waits, make a trial invalid."""


@dataclass(frozen=True, slots=True)
class InvalidLimits:
    """The limits of the load generator beyond which a trial is invalid."""

    waited_for_cpu_s: float = setting(
        0.001,
        "how long probes' threads wait for a core each time, mean of 5 s",
        key="waited_for_cpu",
        unit="duration",
        minimum=0,
    )
    other_programs: float = setting(
        0.2,
        "of a host's cores, while these are 85 % busy for 5 s; those of low priority aside",
        minimum=0,
        maximum=1,
    )
    host_cpu: float | None = setting(
        None,
        "of a host's cores, for 5 s; null: 85 % where waits are unknown, else no limit",
        minimum=0,
        maximum=1,
    )
    thread_cpu: float = setting(
        0.8, "of a core, any one Chromium thread, for 5 s", minimum=0, maximum=1
    )
    steal: float = setting(0.05, "of a host's time", minimum=0, maximum=1)
    late_polls: float = setting(0.02, "share of polls late or missing", minimum=0, maximum=1)
    capture_of_asked: float = setting(
        0.9, "camera frames captured of those asked", minimum=0, maximum=1
    )
    udp_drops: int = setting(
        0, "packets for which a host's browsers had no room, in the hold", minimum=0
    )
    memory_available: float = setting(
        0.05, "of a host's memory, for 5 s: less is too little", minimum=0, maximum=1
    )
    app_late_s: float = setting(
        1.0, "how late our demo app may be", key="app_late", unit="duration", minimum=0
    )
