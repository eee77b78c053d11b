"""The media that flows between elements: RTP payloads, in order and not decoded.

An element provides one kind of media by a `MediaSource` and accepts one by a `MediaSink`.
Connecting elements attaches the sink to the source. From then on

* the source's owner calls `source.push(packet)` for every packet, in order of sequence;
* each attached sink gets it by `sink.push(packet)` and returns whether it could use it;
* the owner asks `source.limit_bps(now_s)` how much it may send: the lowest rate of its
  sinks;
* a sink calls `self.source.request_key_frame()` when it cannot decode before the next key frame.

Everything runs on the event loop's thread, and nothing waits: a sink that has to wait (for a file
or an encoder) puts the packet into a queue of its own and returns.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum


class MediaKind(StrEnum):
    """Kurento's MediaType, in its order of connection lists."""

    AUDIO = "AUDIO"
    DATA = "DATA"
    VIDEO = "VIDEO"


@dataclass(frozen=True, slots=True)
class Codec:
    """The codec of a payload. `name` is upper case (`VP8`, `OPUS`), `parameters` as in `a=fmtp`."""

    name: str
    clock_rate_hz: int
    channels: int = 1
    parameters: str = ""


class RtpPacket:
    """One received RTP packet: its header's fields and its payload.

    `stream` tells sequence and timestamp spaces apart: it changes when the sender starts anew (it
    is the SSRC of what a browser sends). `sequence` is unwrapped (it does not go back to 0 after
    65535); a gap is a packet that was lost for good. `timestamp` counts `codec.clock_rate_hz`, 32
    bits, wrapping. `payload` is the codec's RTP payload (RFC 7741 for VP8, one Opus frame for
    OPUS), with its padding if `padded`. `arrived_s` is the event loop's clock.
    """

    __slots__ = (
        "arrived_s",
        "codec",
        "marker",
        "padded",
        "payload",
        "sequence",
        "stream",
        "timestamp",
    )

    def __init__(  # noqa: PLR0917 - made for every packet, and keywords take time
        self,
        codec: Codec,
        stream: int,
        sequence: int,
        timestamp: int,
        marker: bool,
        payload: bytes,
        arrived_s: float,
        padded: bool = False,
    ) -> None:
        self.codec = codec
        self.stream = stream
        self.sequence = sequence
        self.timestamp = timestamp
        self.marker = marker
        self.payload = payload
        self.arrived_s = arrived_s
        self.padded = padded

    @property
    def content(self) -> bytes:
        """The payload without its padding (RFC 3550 5.1)."""
        if not (self.padded and self.payload):
            return self.payload
        return self.payload[: max(0, len(self.payload) - self.payload[-1])]


class Flow:
    """Whether media flows through one source or sink; `changed` is called at each change."""

    __slots__ = ("changed", "flowing", "last_s")

    def __init__(self) -> None:
        self.flowing = False
        self.last_s = 0.0
        self.changed: Callable[[bool], None] = lambda _: None

    def seen(self, now_s: float) -> None:
        self.last_s = now_s
        if not self.flowing:
            self.flowing = True
            self.changed(True)

    def look(self, now_s: float, timeout_s: float) -> None:
        """Detect that nothing came for `timeout_s`."""
        if self.flowing and now_s - self.last_s > timeout_s:
            self.flowing = False
            self.changed(False)


class MediaSink(ABC):
    """Accepts one kind of media for an element; `decodes` if it needs pictures or samples."""

    def __init__(self, kind: MediaKind, decodes: bool = False) -> None:
        self.kind = kind
        self.decodes = decodes
        self.source: MediaSource | None = None
        self.flow = Flow()

    @abstractmethod
    def push(self, packet: RtpPacket) -> bool:
        """Take a packet; returns whether it could be used. Must neither raise nor block."""

    def limit_bps(self, now_s: float) -> float | None:  # noqa: ARG002
        """The highest rate that this sink can take now; None if it has no limit."""
        return None

    def attached(self) -> None:  # noqa: B027 - most sinks need not know
        """Called after `source` was set: the next packet is of another stream."""


class Absorber(MediaSink):
    """A sink that ignores media which this server does not carry: data channels."""

    def push(self, packet: RtpPacket) -> bool:  # noqa: ARG002
        return False


@dataclass(frozen=True, slots=True)
class SenderClock:
    """A point where RTP timestamp `timestamp` of `stream` was `at_s` on the event loop's clock.

    The sender's wall clock is translated with one offset for all its streams, so that sound and
    pictures captured at the same moment get the same time (RFC 3550 6.4.1).
    """

    stream: int
    timestamp: int
    at_s: float


class MediaSource:
    """Provides one kind of media of an element to attached sinks.

    `ask_key_frame` is called each time a sink needs a key frame; the source's owner limits how
    often one is requested. `clock` is set once the sender has reported its time.
    """

    def __init__(self, kind: MediaKind, ask_key_frame: Callable[[], None] = lambda: None) -> None:
        self.kind = kind
        self.sinks: list[MediaSink] = []
        self.clock: SenderClock | None = None
        self.flow = Flow()
        self._ask_key_frame = ask_key_frame

    def attach(self, sink: MediaSink) -> None:
        """Feed a sink, and detach it from the source that fed it before."""
        if sink.source is not None:
            sink.source.detach(sink)
        self.sinks.append(sink)
        sink.source = self
        sink.attached()
        self._ask_key_frame()

    def detach(self, sink: MediaSink) -> None:
        self.sinks.remove(sink)
        sink.source = None

    def push(self, packet: RtpPacket) -> None:
        """Hand a packet to every sink."""
        now_s = packet.arrived_s
        self.flow.seen(now_s)
        for sink in self.sinks:
            if sink.push(packet):
                sink.flow.seen(now_s)

    def request_key_frame(self) -> None:
        self._ask_key_frame()

    def limit_bps(self, now_s: float) -> float | None:
        """The lowest limit of all sinks: as in Kurento one slow receiver limits all."""
        limits = [limit for sink in self.sinks if (limit := sink.limit_bps(now_s)) is not None]
        return min(limits, default=None)
