"""Streams are matched to those owed by time, kind and sender, never by their order."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from farm.evidence import stream_slots
from farm.evidence.stream_slots import RECENT_S, Matched, Span, Stream
from farm.planning.owed_slots import OwedSlot

HOLD = (10.0, 40.0)
END_S = 45.0
PARTNERS = ("p001", "p002")


def match(
    streams: Sequence[Stream], owed: Sequence[str | None], hold: Span, partners: Sequence[str] = ()
) -> Matched:
    """Matched to one stream of each of these senders; `None`: of any of the partners."""
    slots = [OwedSlot(tuple(partners) if each is None else (each,)) for each in owed]
    return stream_slots.match(streams, slots, hold)


def stands_for(matched: Matched, streams: Sequence[Stream], at_s: float) -> dict[int, int]:
    """By track the stream that it is at that time."""
    return {
        owner.track: owner.stream
        for owner in matched.owners
        if owner.from_s <= at_s < owner.to_s
        and streams[owner.stream].first_s <= at_s <= streams[owner.stream].last_s
    }


def tracks(matched: Matched) -> list[list[int]]:
    """Of each track its streams, one after the other."""
    return [
        [owner.stream for owner in matched.owners if owner.track == track]
        for track in range(len(matched.senders))
    ]


def of_any(count: int, *streams: Stream) -> Matched:
    """Streams of unknown senders, matched to so many owed ones."""
    return match(streams, [None] * count, HOLD)


# ---------------------------------------------------------------- what is not sure


def sure_of(possible: frozenset[str] | None) -> dict[int, int]:
    """p001 stopped, and then comes what p002 seems to send: who stands for whom at 30 s."""
    streams = [
        Stream(5.0, 14.0, "p001"),
        Stream(5.0, 20.0, "p002"),
        Stream(16.0, END_S, "p002", is_sure=False, possible=possible),
    ]
    return stands_for(match(streams, PARTNERS, HOLD, PARTNERS), streams, 30.0)


def test_what_is_not_sure_counts_only_where_it_leaves_nothing_missing() -> None:
    assert sure_of(None) == {0: 2}


def test_who_cannot_have_sent_it_does_not_lack_what_is_not_sure_to_be_anothers() -> None:
    assert sure_of(frozenset({"p002"})) == {1: 2}


def test_of_senders_of_whom_it_may_be_as_well_it_is_the_one_that_it_is_nearest_to() -> None:
    """Both streams end at once, as a connection moves, and only one goes on."""
    for nearest, track in (("p001", 0), ("p002", 1)):
        streams = [
            Stream(5.0, 20.0, "p001"),
            Stream(5.0, 20.0, "p002"),
            Stream(21.0, END_S, possible=frozenset(PARTNERS), nearest=nearest),
        ]
        assert stands_for(match(streams, PARTNERS, HOLD, PARTNERS), streams, 30.0) == {track: 2}


# ---------------------------------------------------------------- one after the other


def test_a_stream_stands_for_what_is_owed_before_its_first_packet_and_after_its_last() -> None:
    (owner,) = of_any(1, Stream(5.0, END_S)).owners
    assert (owner.track, owner.stream) == (0, 0)
    assert (owner.from_s, owner.to_s) == (float("-inf"), float("inf"))


def test_a_stream_that_is_moved_goes_on_as_the_same_one() -> None:
    streams = Stream(5.0, 20.0), Stream(20.5, END_S)
    matched = of_any(1, *streams)
    assert tracks(matched) == [[0, 1]]
    assert stands_for(matched, streams, 19.0) == {0: 0}
    assert stands_for(matched, streams, 21.0) == {0: 1}


def test_after_a_long_gap_a_stream_is_still_what_is_owed() -> None:
    assert tracks(of_any(1, Stream(5.0, 15.0), Stream(30.0, END_S))) == [[0, 1]]


def test_while_two_overlap_for_a_moment_the_one_that_ends_counts_until_its_last_row() -> None:
    streams = Stream(5.0, 20.0), Stream(20.0 - RECENT_S, END_S)
    matched = of_any(1, *streams)
    assert tracks(matched) == [[0, 1]]
    assert stands_for(matched, streams, 20.0) == {0: 0}
    assert stands_for(matched, streams, 20.001) == {0: 1}


def test_several_that_move_together_go_on_in_their_order() -> None:
    matched = of_any(
        2, Stream(5.0, 20.0), Stream(6.0, 20.1), Stream(20.5, END_S), Stream(20.6, END_S)
    )
    assert tracks(matched) == [[0, 2], [1, 3]]


def test_a_stream_goes_on_in_itself_before_it_does_in_what_ended_just_now() -> None:
    streams = [
        Stream(2.0, 10.0, of=0),
        Stream(2.0, 18.0, of=1),
        Stream(19.0, END_S, of=0),
    ]
    assert tracks(match(streams, [None, None], HOLD)) == [[0, 2], [1]]


def test_what_ended_just_now_goes_on_before_what_is_gone_for_long() -> None:
    matched = of_any(2, Stream(5.0, 36.0), Stream(6.0, 42.0), Stream(42.5, END_S))
    assert tracks(matched) == [[0], [1, 2]]


# ---------------------------------------------------------------- more than is owed


def test_a_stream_beside_those_that_are_owed_is_extra_and_shown() -> None:
    matched = of_any(1, Stream(5.0, END_S), Stream(20.0, 30.0))
    assert matched.owed == 1
    assert tracks(matched) == [[0], [1]]
    assert matched.senders == ((), ())


def test_an_extra_stream_stands_in_for_an_owed_one_that_ends() -> None:
    streams = Stream(5.0, 20.0), Stream(6.0, END_S)
    matched = of_any(1, *streams)
    assert stands_for(matched, streams, 30.0) == {0: 1}, "the least is missing"


def test_what_is_missing_counts_in_the_hold_first() -> None:
    # The last fills 34 s of one and 10 s of the other, but 4 s and 10 s of them in the hold.
    matched = of_any(
        2,
        Stream(0.0, 20.0),
        Stream(12.0, 38.0),
        Stream(30.0, 60.0),
        Stream(0.0, 60.0, rank=1),
    )
    assert tracks(matched) == [[0, 3, 2], [1]]


def test_what_begins_where_another_ended_comes_before_what_was_there_beside_it() -> None:
    matched = of_any(1, Stream(5.0, 20.0), Stream(12.0, 44.0), Stream(20.2, END_S))
    assert tracks(matched) == [[0, 2], [1]]


def test_extra_streams_go_on_in_each_other_only_within_their_group() -> None:
    camera = Stream(5.0, END_S)
    one, same, other = (
        Stream(begin_s, begin_s + 5.0, group=group)
        for begin_s, group in ((11.0, "a"), (16.5, "a"), (22.0, "b"))
    )
    assert tracks(of_any(1, camera, one, same, other)) == [[0], [1, 2], [3]]


def test_of_several_that_could_be_owed_the_lowest_rank_is() -> None:
    screen, camera = Stream(5.0, END_S, rank=1), Stream(5.0, END_S)
    assert tracks(of_any(1, screen, camera)) == [[1], [0]]


def test_what_is_known_to_be_extra_stands_in_for_nothing() -> None:
    matched = of_any(1, Stream(5.0, END_S, is_extra=True))
    assert tracks(matched) == [[], [0]]


# ---------------------------------------------------------------- whose they are


def test_each_known_senders_streams_are_its_own_whatever_their_order() -> None:
    streams = Stream(5.0, END_S, "p002"), Stream(6.0, END_S, "p001")
    matched = match(streams, PARTNERS, HOLD, PARTNERS)
    assert tracks(matched) == [[1], [0]]
    assert matched.senders == (("p001",), ("p002",))


def test_one_senders_second_stream_does_not_stand_in_for_anothers() -> None:
    streams = Stream(5.0, END_S, "p001"), Stream(6.0, END_S, "p001")
    matched = match(streams, PARTNERS, HOLD, PARTNERS)
    assert tracks(matched) == [[0], [], [1]]
    assert matched.senders == (("p001",), ("p002",), ("p001",))


def test_a_stream_from_a_probe_that_is_no_partner_is_extra() -> None:
    matched = match([Stream(5.0, END_S, "p000")], PARTNERS, HOLD, PARTNERS)
    assert tracks(matched) == [[], [], [0]]


def test_what_only_one_sender_is_left_for_is_that_senders() -> None:
    streams = Stream(5.0, END_S, "p002"), Stream(6.0, END_S)
    matched = match(streams, PARTNERS, HOLD, PARTNERS)
    assert tracks(matched) == [[1], [0]]
    assert matched.senders == (("p001",), ("p002",))


def test_of_streams_that_cannot_be_distinguished_all_senders_that_are_left_are_named() -> None:
    partners = ("p001", "p002", "p003")
    streams = Stream(5.0, END_S), Stream(5.1, END_S), Stream(5.2, END_S, "p002")
    matched = match(streams, partners, HOLD, partners)
    assert matched.senders == (("p001", "p003"), ("p002",), ("p001", "p003"))
    assert tracks(matched) == [[0], [2], [1]]


def test_a_stream_is_given_only_to_senders_that_it_can_come_from() -> None:
    only = Stream(5.0, END_S, possible=frozenset({"p002"}))
    assert tracks(match([only], PARTNERS, HOLD, PARTNERS)) == [[], [0]]
    nobodys = Stream(5.0, END_S, possible=frozenset())
    assert tracks(match([nobodys], PARTNERS, HOLD, PARTNERS)) == [[], [], [0]]


def test_where_a_server_limits_what_it_forwards_each_may_be_of_any_partner() -> None:
    streams = Stream(5.0, 20.0, "p001"), Stream(20.5, END_S, "p002")
    matched = match(streams, [None], HOLD, PARTNERS)
    assert tracks(matched) == [[0, 1]]
    assert matched.senders == (PARTNERS,)


def test_what_never_came_is_owed_all_the_same() -> None:
    matched = match((), PARTNERS, HOLD, PARTNERS)
    assert (matched.owed, matched.owners) == (2, ())
    assert matched.senders == (("p001",), ("p002",)), "each lacks its own"


def test_of_those_of_whom_nothing_came_each_is_named_by_itself() -> None:
    partners = ("p001", "p002", "p003")
    matched = match([Stream(5.0, END_S, "p002")], partners, HOLD, partners)
    assert matched.senders == (("p001",), ("p002",), ("p003",))
    # One came, and nobody knows of which of the others.
    one_came = [Stream(5.0, END_S, "p002"), Stream(6.0, END_S)]
    matched = match(one_came, partners, HOLD, partners)
    assert matched.senders == (("p001", "p003"), ("p002",), ("p001", "p003"))


# ---------------------------------------------------------------- whatever they are

SPANS = st.tuples(st.floats(0, 40), st.floats(0.5, 40)).map(
    lambda span: (round(span[0], 2), round(span[0] + span[1], 2))
)
STREAMS = st.lists(
    st.builds(
        lambda span, sender, rank, is_extra: Stream(span[0], span[1], sender, rank, is_extra),
        SPANS,
        st.sampled_from([None, *PARTNERS]),
        st.integers(0, 1),
        st.booleans(),
    ),
    max_size=6,
).map(lambda streams: sorted(streams, key=lambda each: (each.first_s, -each.last_s)))
OWED = st.sampled_from([(), (None,), (None, None), PARTNERS])


@given(STREAMS, OWED)
def test_no_stream_is_lost_and_no_two_stand_for_one_at_a_time(
    streams: list[Stream], owed: tuple[str | None, ...]
) -> None:
    matched = match(streams, owed, HOLD, PARTNERS)
    assert {owner.stream for owner in matched.owners} == set(range(len(streams)))
    assert matched.owed == len(owed)
    for track in range(len(matched.senders)):
        mine = [owner for owner in matched.owners if owner.track == track]
        assert all(one.to_s == two.from_s for one, two in pairwise(mine))
        known = {streams[owner.stream].sender for owner in mine} - {None}
        if track < len(owed) and owed[track] is not None:
            assert known <= {owed[track]}


@given(
    st.lists(st.lists(st.floats(3.5, 30), min_size=1, max_size=4), min_size=1, max_size=4),
    st.floats(0.0, RECENT_S),
)
def test_as_many_lines_of_streams_as_are_owed_leave_nothing_missing(
    lines: list[list[float]], gap_s: float
) -> None:
    """Each owed stream may end and go on in another one within a moment, at any time."""
    streams = []
    for place, lengths in enumerate(lines):
        begin_s = 0.1 * place
        for length_s in lengths:
            streams.append(Stream(round(begin_s, 3), round(begin_s + length_s, 3)))
            begin_s += length_s + gap_s
    streams.sort(key=lambda each: (each.first_s, -each.last_s))
    matched = of_any(len(lines), *streams)
    for each in range(400):
        at_s = each / 10 + 0.05
        there = sum(stream.first_s < at_s < stream.last_s for stream in streams)
        stand = [track for track in stands_for(matched, streams, at_s) if track < len(lines)]
        assert len(stand) >= there


@given(STREAMS, st.sampled_from(["p00", "q"]))
def test_the_names_of_senders_decide_nothing(streams: list[Stream], prefix: str) -> None:
    """Renamed in a way that keeps their order, the same streams stand for the same."""
    renamed = {None: None, "p001": f"{prefix}7", "p002": f"{prefix}9"}
    others = [
        Stream(each.first_s, each.last_s, renamed[each.sender], each.rank, each.is_extra)
        for each in streams
    ]
    partners = (f"{prefix}7", f"{prefix}9")
    assert (
        match(streams, PARTNERS, HOLD, PARTNERS).owners
        == match(others, partners, HOLD, partners).owners
    )
