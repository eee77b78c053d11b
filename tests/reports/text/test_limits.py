"""What limited the server and when to start another, in words and tables."""

from __future__ import annotations

from typing import get_args

from farm.attribution import LimitedBy, SaturationSign
from farm.attribution.cross_correlation import CrossCorrelation
from farm.attribution.impairment_scope import ImpairmentScope
from farm.attribution.limit import NetworkTraffic, Resource
from farm.model.json_values import to_jsonable
from reports.text.limits import LIMITS, limit_points, limit_tables, scale_out_points, threshold_of

LIMITED = to_jsonable(
    LimitedBy(
        "cpu_quota",
        "at 10 probes its control group's CPU quota was used up in 97 % of the periods",
        (
            SaturationSign("cpu_quota", 4.8, "used up"),
            SaturationSign("memory", 0.4, "60 MB of 100 MB"),
        ),
        NetworkTraffic(8.1e6, 8.0e6, 1210.0, 1190.0),
        (CrossCorrelation("cpu_quota", "the frame rate", 2, -0.82, (-0.9, -0.7), 240, "it fell"),),
        ImpairmentScope(
            8, 6, 3, 3, 0.2, 0.9, "6 of 8 probes had impaired media, at the same times (r = 0.90)"
        ),
    )
)


def test_every_resource_has_words() -> None:
    assert set(LIMITS) == set(get_args(Resource))


def test_the_limit_with_who_suffered_and_what_was_moved() -> None:
    assert limit_points(LIMITED) == [
        "Limited by the CPU quota of the media server's control group: at 10 probes its "
        "control group's CPU quota was used up in 97 % of the periods.",
        "When quality fell, 6 of 8 probes had impaired media, at the same times (r = 0.90).",
        "At the capacity the server's interface received 8.10 Mbit/s in 1,210 packets a second and "
        "sent 8.00 Mbit/s in 1,190 packets a second.",
    ]
    assert limit_points(None) == limit_points({}) == []


def test_how_near_each_resource_was_and_how_it_went_with_quality() -> None:
    signs, lagged = limit_tables(LIMITED)

    assert [cell.text for row in signs.rows for cell in row][1] == "saturated"
    assert [cell.text for cell in signs.rows[1]] == [
        "the server's memory",
        "40 %",
        "60 MB of 100 MB",
    ]
    assert [cell.text for cell in lagged.rows[0]][1:4] == ["−0.82", "−0.90 to −0.70", "2 s"]
    assert limit_tables(None) == ()
    assert signs.caption.endswith("was when quality fell")


def test_a_thread_with_much_room_is_not_said_to_have_none() -> None:
    sign = SaturationSign("cpu_thread", 0.01, "thread hloop used 1 % of a core")
    limited = to_jsonable(LimitedBy("unknown", "3 joins failed", (sign,)))
    (table,) = limit_tables(limited)
    assert table.rows[0][0].text == "a single thread of the media server"
    assert table.caption.endswith("was in the trial that failed")
    full = {"resource": "cpu_thread", "evidence": "thread hloop used 97 % of a core"}
    assert limit_points(full)[0].startswith(
        "Limited by a single thread of the media server, which saturated its core: thread hloop"
    )


def test_the_threshold_with_what_is_left() -> None:
    scale_out = {
        "cpu_percent": 61.0,
        "interval": [55.0, 66.0],
        "probes": 14,
        "evidence": "its CPU at 16 probes",
        "headroom_percent": 31.0,
        "sessions_per_core": 3.5,
        "viewers": None,
        "relation": {"said": "each probe takes 4 % of the machine, on a straight line"},
    }
    assert scale_out_points(scale_out) == [
        "Start another server when this one's CPU reaches 61 %, 55 to 66 % (its CPU at 16 probes).",
        "At the recommended load 31 % of the machine's CPU is left.",
        "That is 3.5 sessions for each core.",
        "CPU by load: each probe takes 4 % of the machine, on a straight line.",
    ]
    threshold = threshold_of({"scale_out": scale_out})
    assert threshold is not None
    assert threshold.interval == (55.0, 66.0)
    assert threshold_of({"scale_out": {"cpu_percent": None}}) is threshold_of(None) is None
