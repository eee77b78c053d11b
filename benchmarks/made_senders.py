"""The sent streams of a made-up trial: cameras, microphones, screens, unused senders."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np

from benchmarks.made_draft import NEVER_S, Draft
from benchmarks.made_encoder import FRAMES_PER_S, Encoder, counted, counter_at, packets_of
from benchmarks.made_reports import add_reports
from benchmarks.made_trial import END_S
from farm.model.page_samples import ProbeEvent
from farm.model.webrtc_stats import MediaKind

Source = Literal["camera", "microphone", "screen"]

_CAPTURED_BY: dict[MediaKind, Source] = {"video": "camera", "audio": "microphone"}
_MIDS: dict[MediaKind, str] = {"audio": "0", "video": "1"}
_NOTHING_LOST = {"retransmittedBytesSent": 0, "retransmittedPacketsSent": 0, "packetsLost": 0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """One encoding of a sent stream, in a part of its life.

    It is sent on one connection by one SSRC, from `begin_s` to `end_s`; at `stops_s` the page stops
    its track. `rid` names the encodings of a sender, of which only `active` ones are sent.
    """

    probe: str
    source: Source
    connection: str
    mid: str | None
    rid: str | None
    ssrc: int
    encoder: Encoder
    begin_s: float
    end_s: float
    stops_s: float
    active: bool

    @property
    def kind(self) -> MediaKind:
        return self.encoder.kind

    @property
    def track(self) -> str:
        return f"{self.probe}-{'screen' if self.source == 'screen' else self.kind}"


@dataclass(frozen=True, slots=True)
class _Layer:
    """An encoding that a page asks for: one of simulcast, or the only one."""

    rid: str | None
    bitrate_bps: float
    width: int
    active: bool = True


def send(
    draft: Draft, probe: str, kind: MediaKind, partner: str, *, layered: bool, stops_s: float
) -> list[Sent]:
    """Send a camera or a microphone to all, or in a mesh to `partner`, in all parts of its life.

    `layered`: the camera uses simulcast. `stops_s`: when the page stops it.
    """
    layers = _layers(draft, kind, layered=layered)
    encoders = [Encoder.of(draft.noise, kind, each.bitrate_bps, each.width) for each in layers]
    parts: list[Sent] = []
    for number, (begin_s, end_s) in enumerate(draft.lives()):
        for layer, encoder in zip(layers, encoders, strict=True):
            sent = Sent(
                probe=probe,
                source=_CAPTURED_BY[kind],
                connection=draft.behaviour.connection_up(probe, number, partner),
                mid=_MIDS[kind] if draft.behaviour.has_mids else None,
                rid=layer.rid,
                ssrc=draft.new_ssrc(),
                encoder=encoder,
                begin_s=begin_s,
                end_s=end_s,
                stops_s=stops_s,
                active=layer.active,
            )
            parts.append(sent)
            _add_rows(draft, sent)
        _add_acts(draft, parts[-1])
    return parts


def _layers(draft: Draft, kind: MediaKind, *, layered: bool) -> list[_Layer]:
    if kind == "audio":
        return [_Layer(None, 32_000.0, 0)]
    if not layered:
        return [_Layer(None, 300_000.0, 640)]
    return [
        _Layer("q", 60_000.0, 160),
        _Layer("h", 150_000.0, 320, active=draft.chance.random() < 0.5),
        _Layer("f", 400_000.0, 640, active=False),
    ]


def send_screen(draft: Draft, probe: str) -> Sent:
    """Send a screen beside the camera, for some time: no probe is owed it."""
    begin_s = draft.chance.uniform(5.0, 25.0)
    sent = Sent(
        probe=probe,
        source="screen",
        connection=f"{probe}-screen",
        mid="7",
        rid=None,
        begin_s=begin_s,
        end_s=begin_s + draft.chance.uniform(3.0, 30.0),
        stops_s=NEVER_S,
        active=True,
        encoder=Encoder.of(draft.noise, "video", 200_000.0, 1280),
        ssrc=draft.new_ssrc(),
    )
    _add_rows(draft, sent)
    _add_acts(draft, sent)
    return sent


def negotiate_unused(draft: Draft, probe: str) -> None:
    """Negotiate a sender that never sends."""
    for now_s in draft.rows.polls(probe, 2.0, END_S + 2):
        draft.rows.add(
            "outbound-rtp",
            probe=probe,
            connection=f"{probe}-0-up",
            id="OTunused",
            now_s=now_s,
            ssrc=77,
            kind="video",
            mid="9",
            packetsSent=0,
            bytesSent=0,
            framesEncoded=0,
            **_NOTHING_LOST,
        )


def _add_acts(draft: Draft, sent: Sent) -> None:
    """Add the hooks' events of a sender: that it sends, and that its track ended or was removed."""
    if not draft.behaviour.has_acts or sent.mid is None:
        return
    live = {
        "connection": sent.connection,
        "mid": sent.mid,
        "kind": sent.kind,
        "track": sent.track,
        "source": sent.source,
        "state": "live",
        "failed": False,
        "enabled": True,
        "frame_rate": FRAMES_PER_S if sent.source == "camera" else None,
        "direction": "sendrecv",
    }
    ended = {**live, "state": "ended"}
    acts = [(sent.begin_s - 0.1, ended if sent.stops_s <= sent.begin_s else live)]
    if sent.source == "screen":
        acts.append((sent.end_s, {**live, "state": "none"}))
    if sent.begin_s < sent.stops_s < sent.end_s:
        acts.append((sent.stops_s, ended))
    draft.events += [ProbeEvent(sent.probe, "sender", at_s, "", state) for at_s, state in acts]


def _add_rows(draft: Draft, sent: Sent) -> None:
    """Add the encoding's rows of each poll, and those of its source."""
    polls = draft.rows.polls(sent.probe, sent.begin_s, sent.end_s)
    encoder, video = sent.encoder, sent.kind == "video"
    until = np.minimum(polls, sent.stops_s)
    payload = counted(encoder.payload, sent.begin_s, until) * sent.active
    frames = counted(encoder.frames, sent.begin_s, until) * sent.active
    packets = packets_of(sent.kind, payload)
    energy = counter_at(encoder.energy, until)
    for place, now_s in enumerate(polls):
        draft.rows.add(
            "outbound-rtp",
            probe=sent.probe,
            connection=sent.connection,
            id=f"OT{sent.ssrc}",
            now_s=now_s,
            ssrc=sent.ssrc,
            kind=sent.kind,
            mid=sent.mid,
            rid=sent.rid,
            mediaSourceId=_source_id(sent),
            active=sent.active,
            packetsSent=int(packets[place]),
            bytesSent=int(payload[place]),
            framesEncoded=int(frames[place]) if video else None,
            **encoder.size(frames[place]),
            **_NOTHING_LOST,
        )
        draft.rows.add(
            "media-source",
            probe=sent.probe,
            connection=sent.connection,
            id=_source_id(sent),
            now_s=now_s,
            kind=sent.kind,
            trackIdentifier=sent.track,
            frames=round(until[place] * FRAMES_PER_S) if video else None,
            totalAudioEnergy=None if video else float(energy[place]),
        )

    add_reports(
        draft.rows,
        polls,
        packets,
        probe=sent.probe,
        connection=sent.connection,
        ssrc=sent.ssrc,
        kind=sent.kind,
    )


def _source_id(sent: Sent) -> str:
    return "Sscreen" if sent.source == "screen" else f"S{sent.kind}"
