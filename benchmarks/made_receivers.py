"""The received streams of a made-up trial: from each sender, or the mix; healthy or spoilt."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from benchmarks.made_draft import NEVER_S, Draft
from benchmarks.made_encoder import Encoder, counted, counter_at, packets_of
from benchmarks.made_senders import Sent
from farm.model.page_samples import ProbeEvent
from farm.model.session_roles import SERVER
from farm.model.webrtc_stats import MediaKind

Spoil = Literal["never", "ends", "still", "slow", "thin"]

SPOILS: tuple[Spoil, ...] = ("never", "ends", "still", "slow", "thin")
"""It never arrives; it ends; it freezes; few of its frames, or little of its payload, arrive."""

MIX = ""
"""The sender of the mix that a room sends to its members."""

_FRAMES_LEFT: dict[Spoil | None, float] = {"still": 0.0, "slow": 0.3}
_PAYLOAD_LEFT: dict[Spoil | None, float] = {"thin": 0.3}
_MIX_BPS: dict[MediaKind, float] = {"video": 400_000, "audio": 32_000}


@dataclass(frozen=True, slots=True)
class _Part:
    """A part of the life of a forwarded stream; from `stops_s` on nothing of it arrives.

    `ssrc` and `track` are the sender's, where the server keeps them.
    """

    begin_s: float
    end_s: float
    stops_s: float
    encoder: Encoder
    ssrc: int | None = None
    track: str | None = None


@dataclass(frozen=True, slots=True)
class _Stream:
    """The names of a received stream in a page's statistics."""

    probe: str
    connection: str
    mid: str | None
    ssrc: int
    track: str


def receive_mix(draft: Draft, probe: str, kind: MediaKind, spoil: Spoil | None) -> None:
    """Receive the room's mix."""
    encoder = Encoder.of(draft.noise, kind, _MIX_BPS[kind], 800)
    if spoil != "never":
        parts = [_Part(begin_s, end_s, NEVER_S, encoder) for begin_s, end_s in draft.lives()]
        _receive(draft, probe, MIX, parts, spoil)


def receive_own(draft: Draft, probe: str, kind: MediaKind, spoil: Spoil | None) -> None:
    """Receive what the server itself makes for this probe."""
    encoder = Encoder.of(draft.noise, kind, _MIX_BPS[kind], 320)
    if spoil != "never":
        parts = [_Part(begin_s, end_s, NEVER_S, encoder) for begin_s, end_s in draft.lives()]
        _receive(draft, probe, SERVER, parts, spoil)


def receive_forwarded(
    draft: Draft, probe: str, sent_parts: Sequence[Sent], spoil: Spoil | None
) -> None:
    """Receive a page's stream: of its encodings the largest that is active."""
    if spoil == "never":
        return
    # Encodings of one part begin together, and come from the smallest to the largest.
    largest = {sent.begin_s: sent for sent in sent_parts if sent.active}
    behaviour = draft.behaviour
    parts = [
        _Part(
            begin_s=sent.begin_s + draft.chance.uniform(0.05, 0.3),
            end_s=sent.end_s,
            stops_s=sent.stops_s,
            encoder=sent.encoder,
            ssrc=sent.ssrc if behaviour.keeps_ssrc else None,
            track=sent.track if behaviour.keeps_track else None,
        )
        for sent in largest.values()
    ]
    _receive(draft, probe, sent_parts[0].probe, parts, spoil)


def _receive(
    draft: Draft, probe: str, sender: str, parts: Sequence[_Part], spoil: Spoil | None
) -> None:
    wrong_s = draft.chance.uniform(11.0, 26.0)
    lag_s = draft.chance.uniform(0.02, 0.3)
    has_setup = False
    for number, whole in enumerate(parts):
        part = _spoilt(draft, whole, spoil, wrong_s)
        if part is None:
            continue
        connection = draft.behaviour.connection_down(probe, number, sender)
        stream = _named(draft, probe, connection, part)
        polls = draft.rows.polls(probe, part.begin_s, part.end_s)
        if polls and not has_setup:
            draft.events.append(_setup(stream, part))
            has_setup = True
        _add_rows(draft, stream, part, polls, lag_s)


def _spoilt(draft: Draft, part: _Part, spoil: Spoil | None, wrong_s: float) -> _Part | None:
    """The part of a stream that is spoilt from `wrong_s` on; `None` if it never begins."""
    if spoil == "ends":
        if part.begin_s >= wrong_s:
            return None
        # A server that has nothing to forward may take the stream away, or leave it there.
        is_taken_away = draft.chance.random() < 0.5
        end_s = min(part.end_s, wrong_s) if is_taken_away else part.end_s
        return replace(part, end_s=end_s, stops_s=min(part.stops_s, wrong_s))
    encoder = part.encoder.reduced(
        max(wrong_s, part.begin_s),
        frames=_FRAMES_LEFT.get(spoil, 1.0),
        payload=_PAYLOAD_LEFT.get(spoil, 1.0),
    )
    return replace(part, encoder=encoder)


def _named(draft: Draft, probe: str, connection: str, part: _Part) -> _Stream:
    mid = str(draft.chance.randrange(3, 60)) if draft.behaviour.has_mids else None
    ssrc = draft.new_ssrc() if part.ssrc is None else part.ssrc
    track = f"t{draft.new_ssrc()}" if part.track is None else part.track
    return _Stream(probe, connection, mid, ssrc, track)


def _setup(stream: _Stream, part: _Part) -> ProbeEvent:
    """The event of the hooks when the first media of a track arrived."""
    data = {
        "kind": part.encoder.kind,
        "track": stream.track,
        "connection": stream.connection,
        "setup_s": 0.4,
    }
    return ProbeEvent(stream.probe, "setup", part.begin_s + 0.4, "", data)


def _add_rows(
    draft: Draft, stream: _Stream, part: _Part, polls: Sequence[float], lag_s: float
) -> None:
    """Add the stream's rows of each poll, with the counters as they were sent `lag_s` before."""
    encoder, video = part.encoder, part.encoder.kind == "video"
    until = np.minimum(np.array(polls) - lag_s, part.stops_s)
    payload = np.maximum(counted(encoder.payload, part.begin_s, until), 0)
    frames = np.maximum(counted(encoder.frames, part.begin_s, until), 0)
    packets = packets_of(encoder.kind, payload)
    energy = counter_at(encoder.energy, until)
    for place, now_s in enumerate(polls):
        draft.rows.add(
            "inbound-rtp",
            probe=stream.probe,
            connection=stream.connection,
            id=f"IT{stream.ssrc}",
            now_s=now_s,
            ssrc=stream.ssrc,
            kind=encoder.kind,
            mid=stream.mid,
            trackIdentifier=stream.track if draft.behaviour.has_mids else None,
            packetsReceived=int(packets[place]),
            packetsLost=0,
            bytesReceived=int(payload[place]),
            framesDecoded=int(frames[place]) if video else None,
            **encoder.size(frames[place]),
            totalFreezesDuration=0.0 if video else None,
            totalPausesDuration=0.0 if video else None,
            totalAudioEnergy=None if video else float(energy[place]),
        )
