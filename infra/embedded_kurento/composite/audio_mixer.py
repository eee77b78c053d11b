"""Mixes members' audio: each member receives the sum of all the others.

One thread for each room, fifty rounds a second. As in Kurento no member hears itself.
"""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable

import av
import numpy as np

from infra.embedded_kurento.codecs import (
    SAMPLE_RATE,
    SAMPLES_PER_PACKET,
    OpusDecoder,
    OpusEncoder,
    Samples,
)
from infra.embedded_kurento.composite.mixer import Mixer
from infra.embedded_kurento.worker import Worker

logger = logging.getLogger(__name__)

PERIOD_S = SAMPLES_PER_PACKET / SAMPLE_RATE
BACKLOG_PACKETS = 50

_START_SAMPLES = 2 * SAMPLES_PER_PACKET
"""Buffered before a member is mixed in: packets arrive less evenly than they are played."""

_MOST_SAMPLES = 8 * SAMPLES_PER_PACKET


class AudioMember:
    """One port: Opus packets in (`take`), mixed ones out (`deliver`), on the event loop's thread.

    `receives` says whether the member is sent the mix.
    """

    def __init__(self, deliver: Callable[[bytes, float], None]) -> None:
        self.deliver = deliver
        self.receives = False
        self.waiting: deque[bytes] = deque(maxlen=BACKLOG_PACKETS)

    def take(self, packet: bytes) -> None:
        self.waiting.append(packet)


class _Voice:
    """The mixing thread's state of a member."""

    def __init__(self, member: AudioMember) -> None:
        self.member = member
        self.encoder = OpusEncoder()
        self._decoder = OpusDecoder()
        self._samples: Samples = np.empty(0, np.int16)
        self._playing = False

    def next(self) -> Samples | None:
        """The next 20 ms of samples; None while the member is silent or its packets are late."""
        while self.member.waiting:
            packet = self.member.waiting.popleft()
            try:
                decoded = self._decoder.decode(packet)
            except av.FFmpegError as error:
                logger.info("a member's sound could not be decoded: %s", error)
                continue
            self._samples = np.concatenate((self._samples, decoded))
        if len(self._samples) > _MOST_SAMPLES:
            self._samples = self._samples[-_START_SAMPLES:]
        if not self._playing and len(self._samples) < _START_SAMPLES:
            return None
        self._playing = len(self._samples) >= SAMPLES_PER_PACKET
        if not self._playing:
            return None
        played = self._samples[:SAMPLES_PER_PACKET]
        self._samples = self._samples[SAMPLES_PER_PACKET:]
        return played


class AudioMixer(Mixer[AudioMember]):
    """The sound of one room."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} audio")

    def mix(self, worker: Worker) -> None:
        voices: dict[AudioMember, _Voice] = {}
        due_s = time.monotonic()
        while not worker.stopping.wait(max(0.0, due_s - time.monotonic())):
            voices = {member: voices.get(member) or _Voice(member) for member in self.members}
            spoken = {member: voice.next() for member, voice in voices.items()}
            total = np.zeros(SAMPLES_PER_PACKET, np.int32)
            for samples in spoken.values():
                if samples is not None:
                    total += samples
            sent = []
            for member, voice in voices.items():
                if not member.receives:
                    continue
                own = spoken[member]
                others = total if own is None else total - own
                mixed: Samples = np.clip(others, -32768, 32767).astype(np.int16)
                sent.append((member, voice.encoder.encode(mixed)))
            if sent:
                worker.tell(_deliver, sent, due_s)
            due_s += PERIOD_S
            # After a stall the schedule starts anew: a burst of late sound would help nobody.
            if time.monotonic() - due_s > 10 * PERIOD_S:
                due_s = time.monotonic()


def _deliver(sent: list[tuple[AudioMember, bytes]], at_s: float) -> None:
    for member, packet in sent:
        member.deliver(packet, at_s)
