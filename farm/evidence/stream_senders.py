"""Whose stream it is that a member of a forwarded room received: what was sent, and who asks."""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import polars as pl

from farm.evidence.page_acts import PageActs
from farm.evidence.rtp_tables import RtpTables
from farm.evidence.sender_search import (
    Senders,
    SentAs,
    SentStream,
    of_receiver,
    senders_beside,
)
from farm.evidence.stream_counters import StreamCounters, traced
from farm.evidence.stream_lifetimes import StreamLifetime, in_flows
from farm.evidence.stream_slots import Matched, Span, Stream, match
from farm.model.trial_plan import Direction, SessionPlan, TrialPlan
from farm.model.webrtc_stats import MEDIA_KINDS, MediaKind
from farm.recording.trial_reader import TrialReader

CAMERAS = ("camera", "microphone")


@dataclass(frozen=True, slots=True)
class Origins:
    """By `Life.name` of a received stream who sent it, and, if that is not sure, who can have.

    Of streams that are in neither nothing was asked.
    `strange` are like nothing that was sent, where others of the receiver are known by what was;
    `nearest` has of those not known who sent what is least unlike them.
    """

    sent_as: Mapping[Hashable, SentAs]
    possible: Mapping[Hashable, frozenset[str]]
    strange: frozenset[Hashable] = frozenset()
    nearest: Mapping[Hashable, str] = field(default_factory=dict)


def senders_in(
    trial: TrialReader, sessions: Sequence[SessionPlan], hold: Span, acts: PageActs
) -> Origins:
    """Who sent what the probes of some sessions received.

    Where each receiver has one sender, or a mix beside which no screen is shown, and nobody more
    streams than are owed, nothing is asked.
    """
    more = _with_more(trial, [each for each in sessions if not _has_rivals(trial.plan, each)])
    asked = [
        session
        for session in sessions
        if _has_rivals(trial.plan, session)
        or more & {probe.probe for probe in session.probes}
        or (trial.plan.mixed and any(acts.shows(probe.probe, "screen") for probe in session.probes))
    ]
    probes = frozenset(probe.probe for session in asked for probe in session.probes)
    streams: list[StreamCounters] = []
    for batch, rows in trial.in_batches(probes):
        streams += traced(RtpTables(rows), frozenset(batch))
    return _senders_of(asked, streams, hold, acts, mixed=trial.plan.mixed)


def _has_rivals(plan: TrialPlan, session: SessionPlan) -> bool:
    """Whether some receiver has more than one sender."""
    return not plan.mixed and any(
        receiver.receives
        and sum(bool(sender.sends) for sender in session.probes if sender is not receiver) > 1
        for receiver in session.probes
    )


def _with_more(trial: TrialReader, sessions: Sequence[SessionPlan]) -> set[str]:
    """The probes whose polls told of more streams than they are owed, or owe."""
    planned = {probe.probe: probe for session in sessions for probe in session.probes}
    found: set[str] = set()
    for _, rows in trial.in_batches(planned):
        polls = rows.polls(("probe", "inbound", "outbound"))
        if polls is not None:
            most = polls.group_by("probe").agg(pl.col("inbound", "outbound").max())
            found |= {
                probe
                for probe, inbound, outbound in most.iter_rows()
                if probe in planned
                and (
                    (inbound or 0) > len(planned[probe].receives)
                    or (outbound or 0) > len(planned[probe].sends)
                )
            }
    return found


def match_sent(
    lives: Sequence[StreamLifetime], owed: int, hold: Span, acts: PageActs
) -> tuple[list[StreamLifetime], Matched]:
    """What a probe sent of a kind, matched to what it owes: cameras and microphones first.

    The streams of the owners are numbered as in the list, which has each as often as it flowed.
    """
    mid = _usual_mid(lives, acts)
    places = {life.name: place for place, life in enumerate(lives)}
    parts = in_flows(lives)
    streams = [
        Stream(
            first_s,
            last_s,
            rank=_rank(life, acts) or int(mid not in (None, life.mid)),
            group=life.mid,
            of=places[life.name],
        )
        for life, (first_s, last_s) in parts
    ]
    return [life for life, _ in parts], match(streams, [None] * owed, hold)


def _rank(life: StreamLifetime, acts: PageActs) -> int:
    """0 for cameras and microphones, and for what nothing is known of."""
    states = acts.states(life.probe, life.connection, life.mid)
    return int(bool(states) and not any(state.source in CAMERAS for state in states))


def _usual_mid(lives: Sequence[StreamLifetime], acts: PageActs) -> str | None:
    """Where nothing is known of what a page gave its senders, the mid of its first stream."""
    first = min(lives, key=lambda life: life.first_s, default=None)
    return None if first is None or acts.are_known(first.probe) else first.mid


def _senders_of(
    sessions: Sequence[SessionPlan],
    streams: Sequence[StreamCounters],
    hold: Span,
    acts: PageActs,
    *,
    mixed: bool,
) -> Origins:
    of_probe: dict[tuple[str, Direction, MediaKind], list[StreamCounters]] = {}
    for stream in sorted(streams, key=lambda each: (each.life.probe, each.life.order)):
        key = stream.life.probe, stream.life.direction, stream.life.kind
        of_probe.setdefault(key, []).append(stream)
    sent_as: dict[Hashable, SentAs] = {}
    possible: dict[Hashable, frozenset[str]] = {}
    strange: set[Hashable] = set()
    nearest: dict[Hashable, str] = {}
    for session in sessions:
        sent: dict[str, list[SentStream]] = {
            probe.probe: [
                each
                for kind in MEDIA_KINDS
                for each in _sent(
                    of_probe.get((probe.probe, "outbound", kind), []),
                    probe.sends.count(kind),
                    hold,
                    acts,
                )
            ]
            for probe in session.probes
        }
        senders = {
            kind: Senders([e for of in sent.values() for e in of if e.of.life.kind == kind])
            for kind in MEDIA_KINDS
        }
        received = {
            probe.probe: {
                kind: of_probe.get((probe.probe, "inbound", kind), []) for kind in MEDIA_KINDS
            }
            for probe in session.probes
        }
        named = {probe: of_receiver(mine, senders) for probe, mine in received.items()}
        if _are_echoes(received, named):
            continue
        for probe, mine in received.items():
            sent_as.update(named[probe])
            for kind, streams_of_kind in mine.items():
                unknown = [each for each in streams_of_kind if each.life.name not in sent_as]
                for stream in streams_of_kind:
                    of = sent_as.get(stream.life.name)
                    if of is None or not of.is_sure:
                        who = senders[kind].possible(stream.life)
                        possible[stream.life.name] = who if of is None else who | {of.probe}
                nearest |= {
                    each.life.name: sender
                    for each in unknown
                    if (sender := senders[kind].nearest(each)) is not None
                }
                if len(unknown) < len(streams_of_kind) and not mixed:
                    strange |= {
                        each.life.name for each in unknown if senders[kind].has_none_like(each)
                    }
    return Origins(sent_as, possible, frozenset(strange), nearest)


def _are_echoes(
    received: Mapping[str, Mapping[MediaKind, Sequence[StreamCounters]]],
    named: Mapping[str, Mapping[Hashable, SentAs]],
) -> bool:
    """Whether all pages get back what they send and nothing else: that is what they are owed."""
    connections = {
        (probe, stream.life.connection)
        for probe, mine in received.items()
        for streams in mine.values()
        for stream in streams
    }
    beside = {probe: senders_beside(received[probe], named[probe]) for probe in received}
    return bool(connections) and all(
        beside[probe].get(connection) == probe for probe, connection in connections
    )


def _sent(
    streams: Sequence[StreamCounters], owed: int, hold: Span, acts: PageActs
) -> Iterator[SentStream]:
    """A probe's streams of a kind, and which of them are sent beside those that it owes."""
    lives = [each.life for each in streams]
    parts, matched = match_sent(lives, owed, hold, acts)
    named = {parts[owner.stream].name for owner in matched.owners if owner.track < owed}
    owners = {number for number, life in enumerate(lives) if life.name in named}
    tracks = {streams[number].track_id for number in owners}
    for number, each in enumerate(streams):
        # What is sent to each partner by itself is what it owes, as often as it is sent: a camera,
        # or whatever stands for one.
        rank = _rank(each.life, acts)
        is_camera = rank == 0 and (acts.are_known(each.life.probe) or not each.track_id)
        is_owed = is_camera or (each.track_id != "" and each.track_id in tracks)
        yield SentStream(each, number not in owners and not is_owed, rank)
