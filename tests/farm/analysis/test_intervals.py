"""Intervals in columns are the intervals that went in, in their order."""

from __future__ import annotations

import dataclasses

import polars as pl

from farm.analysis.intervals import Intervals
from tests.farm.trial_evidence import good


def test_what_goes_in_comes_out() -> None:
    several = good("group", 8).intervals
    columns = Intervals.of(several)
    assert tuple(columns) == several
    assert columns[0] == several[0]
    assert columns[-1] == several[-1]
    assert tuple(columns[3:9]) == several[3:9]
    assert columns == several
    assert columns != several[1:]
    assert Intervals.of(columns) is columns


def test_more_than_are_kept_at_a_time_are_all_found() -> None:
    (one, *_) = good().intervals
    many = [dataclasses.replace(one, window=number) for number in range(5000)]
    columns = Intervals.of(many)
    assert list(columns[2000:4500]) == many[2000:4500]
    assert [columns[at].window for at in (4999, 0, 2048, 2047)] == [4999, 0, 2048, 2047]
    assert columns.windows == 5000


def test_each_stream_is_found_where_it_is() -> None:
    evidence = good("one_to_one", 4)
    stray = dataclasses.replace(evidence.intervals[0], window=9)
    columns = Intervals.of((*evidence.intervals, stray))
    places = columns.places()
    assert len(places) == 4 * 2 * 2
    first = (stray.probe, stray.direction, stray.kind, 0)
    assert [each.window for place in places[first] for each in columns[place]] == [0, 1, 2, 3, 9]


def test_nothing_is_nothing() -> None:
    nothing = Intervals.of(())
    assert nothing == ()
    assert nothing.windows == 0
    assert not nothing.places()


def test_some_are_chosen_by_their_columns() -> None:
    columns = Intervals.of(good().intervals)
    sent = columns.where(pl.col("direction") == "outbound", pl.col("window") > 1)
    assert {(each.direction, each.window) for each in sent} == {("outbound", 2), ("outbound", 3)}
