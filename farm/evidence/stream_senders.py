"""The senders of streams that were received in a trial, where they must be searched for."""

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
from farm.evidence.sender_states import CAMERAS
from farm.evidence.stream_counters import StreamCounters, stream_counters
from farm.evidence.stream_lifetimes import StreamLifetime, in_flows
from farm.evidence.stream_slots import Matched, Span, Stream, match
from farm.model.session_roles import SERVER
from farm.model.trial_plan import Direction, SessionPlan, TrialPlan
from farm.model.webrtc_stats import MEDIA_KINDS, MediaKind
from farm.planning.owed_slots import OwedSlot, sent_slots
from farm.recording.trial_reader import TrialReader


@dataclass(frozen=True, slots=True)
class Origins:
    """The senders of received streams, by `StreamLifetime.name`.

    To probes that are owed media of the server's own it is a sender, too (`SERVER`), also of what
    it sends back to the probe that sent it. `sent_as` are the senders found, `possible` those who
    can have sent a stream whose sender is not sure; streams in neither were not searched for.
    `unmatched` streams differ from all that were sent, while others of the receiver were found;
    `nearest` are the senders of the most similar streams where none was found.
    """

    sent_as: Mapping[Hashable, SentAs]
    possible: Mapping[Hashable, frozenset[str]]
    unmatched: frozenset[Hashable] = frozenset()
    nearest: Mapping[Hashable, str] = field(default_factory=dict)


def senders_in(
    trial: TrialReader, sessions: Sequence[SessionPlan], hold: Span, acts: PageActs
) -> Origins:
    """The senders of the streams that the probes of some sessions received.

    There is nothing to search for where each receiver has one sender, or a mix without screens, and
    no probe has more streams than expected.
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
        streams += stream_counters(RtpTables(rows), frozenset(batch))
    return _senders_of(asked, streams, hold, acts, mixed=trial.plan.mixed)


def _has_rivals(plan: TrialPlan, session: SessionPlan) -> bool:
    """Whether some receiver has more than one sender, or one that sends two videos.

    To a receiver that is owed media of the server's own the server is one more.
    """
    if any(probe.sends_screen for probe in session.probes):
        return True
    return not plan.mixed and any(
        receiver.receives
        and sum(bool(sender.sends) for sender in session.probes if sender is not receiver)
        + bool(receiver.kinds_of_server)
        > 1
        for receiver in session.probes
    )


def _with_more(trial: TrialReader, sessions: Sequence[SessionPlan]) -> set[str]:
    """The probes whose polls had more streams than they should receive, or send."""
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
    lives: Sequence[StreamLifetime], owed: Sequence[OwedSlot], hold: Span, acts: PageActs
) -> tuple[list[StreamLifetime], Matched]:
    """A probe's sent streams of a kind, matched to those expected: cameras and microphones first.

    Owners refer to streams by their place in the list, which has one entry for each span of a flow.
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
            is_screen=_is_screen(life, acts),
        )
        for life, (first_s, last_s) in parts
    ]
    return [life for life, _ in parts], match(streams, owed, hold)


def _rank(life: StreamLifetime, acts: PageActs) -> int:
    """0 for cameras and microphones, and for unknown sources; else 1."""
    states = acts.states(life.probe, life.connection, life.mid)
    return int(bool(states) and not any(state.source in CAMERAS for state in states))


def _is_screen(life: StreamLifetime, acts: PageActs) -> bool | None:
    return acts.is_screen(life.probe, life.connection, life.mid)


def _usual_mid(lives: Sequence[StreamLifetime], acts: PageActs) -> str | None:
    """The mid of a page's first stream, where the tracks of its senders are not known."""
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
    unmatched: set[Hashable] = set()
    nearest: dict[Hashable, str] = {}
    for session in sessions:
        sent: dict[str, list[SentStream]] = {
            probe.probe: [
                each
                for kind in MEDIA_KINDS
                for each in _sent(
                    of_probe.get((probe.probe, "outbound", kind), []),
                    sent_slots(probe, kind),
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
        of_server = {probe.probe: probe.kinds_of_server for probe in session.probes}
        if not any(of_server.values()) and _are_echoes(received, named):
            continue
        for probe, mine in received.items():
            sent_as.update(named[probe])
            for kind, streams_of_kind in mine.items():
                server = frozenset([SERVER] if kind in of_server[probe] else [])
                if server:
                    sent_as.update(_sent_back(probe, streams_of_kind, named[probe]))
                unknown = [each for each in streams_of_kind if each.life.name not in sent_as]
                for stream in streams_of_kind:
                    of = sent_as.get(stream.life.name)
                    if of is None or not of.is_sure:
                        who = senders[kind].possible(stream.life) | server
                        possible[stream.life.name] = who if of is None else who | {of.probe}
                nearest |= {
                    each.life.name: sender
                    for each in unknown
                    if (sender := senders[kind].nearest(each)) is not None
                }
                if len(unknown) < len(streams_of_kind) and not mixed:
                    unlike = [each for each in unknown if senders[kind].differs_from_all(each)]
                    if server:
                        sent_as.update((each.life.name, _of_server(each)) for each in unlike)
                    else:
                        unmatched |= {each.life.name for each in unlike}
    return Origins(sent_as, possible, frozenset(unmatched), nearest)


def _sent_back(
    probe: str, streams: Sequence[StreamCounters], named: Mapping[Hashable, SentAs]
) -> Iterator[tuple[Hashable, SentAs]]:
    """What comes back to a probe of its own: it is the server that answers with it."""
    for stream in streams:
        of = named.get(stream.life.name)
        if of is not None and of.probe == probe:
            yield stream.life.name, _of_server(stream, is_sure=of.is_sure)


def _of_server(stream: StreamCounters, *, is_sure: bool = False) -> SentAs:
    return SentAs(SERVER, stream.life.name, is_extra=False, rank=0, is_sure=is_sure)


def _are_echoes(
    received: Mapping[str, Mapping[MediaKind, Sequence[StreamCounters]]],
    named: Mapping[str, Mapping[Hashable, SentAs]],
) -> bool:
    """Whether all pages receive their own streams and nothing else, as of an echo server."""
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
    streams: Sequence[StreamCounters], owed: Sequence[OwedSlot], hold: Span, acts: PageActs
) -> Iterator[SentStream]:
    """A probe's sent streams of a kind, each marked if it is extra to those expected."""
    lives = [each.life for each in streams]
    parts, matched = match_sent(lives, owed, hold, acts)
    named = {parts[owner.stream].name for owner in matched.owners if owner.track < len(owed)}
    owners = {number for number, life in enumerate(lives) if life.name in named}
    tracks = {streams[number].track_id for number in owners}
    for number, each in enumerate(streams):
        # A camera, or whatever replaces one, that is sent to each partner in a stream of its own is
        # expected as often as it is sent.
        rank = _rank(each.life, acts)
        is_camera = rank == 0 and (acts.are_known(each.life.probe) or not each.track_id)
        is_owed = is_camera or (each.track_id != "" and each.track_id in tracks)
        is_extra = number not in owners and not is_owed
        yield SentStream(each, is_extra, rank, _is_screen(each.life, acts))
