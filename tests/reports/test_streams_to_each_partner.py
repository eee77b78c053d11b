"""Of pages with a connection for each partner: each sent stream is told by whom it goes to."""

from __future__ import annotations

import dataclasses

import numpy as np

from farm.model.trial_evidence import TrialEvidence
from reports.figures.stream_styles import StreamStyles
from reports.text.stream_table import HEADINGS, StreamTable
from tests.farm.made_mesh import mesh
from tests.farm.trial_evidence import good
from tests.reports.made_channels import made_channels

ROOM = ("p000", "p001", "p002")
NAME, OWED = (place for place, each in enumerate(HEADINGS) if each.text in ("stream", "owed"))


def meshed() -> TrialEvidence:
    room = good("group", 3, members=3, media="forwarded")
    copies = [
        dataclasses.replace(each, track=1, owed=False)
        for each in room.intervals
        if each.direction == "outbound"
    ]
    return dataclasses.replace(room, streams=mesh(ROOM), intervals=(*room.intervals, *copies))


def test_the_table_says_for_whom_each_is() -> None:
    evidence = meshed()
    probe = evidence.plan.probes[1]
    rows = list(StreamTable(evidence, ["s000"], 1.0).rows(probe, None))
    sent = [(row[NAME].text, row[OWED].text) for row in rows if " sent" in row[NAME].text]
    assert sorted(sent) == [
        ("audio sent to p000", "owed"),
        ("audio sent to p002", "copy for p002"),
        ("video sent to p000", "owed"),
        ("video sent to p002", "copy for p002"),
    ]


def test_lines_of_copies_are_told_apart() -> None:
    sent = made_channels("p003").of("outbound", "video")[0]
    copies = [
        dataclasses.replace(sent, name=f"video sent to p{number:03d}", bps=np.ones(3))
        for number in range(8)
    ]
    styles = StreamStyles(copies)
    drawn = [(styles.of(each)["label"], str(styles.of(each)["ls"])) for each in copies]
    assert [label for label, _ in drawn[:2]] == ["sent to p000", "sent to p001"]
    assert len(set(drawn[:4])) == len({dashes for _, dashes in drawn[:4]}) == 4
    assert {label for label, _ in drawn[4:]} == {"sent to others"}
