"""A recording on disk gives one verdict, whatever the order of the rows in its tables."""

from __future__ import annotations

from pathlib import Path

import polars as pl

from farm.evidence import trial_evidence
from farm.model.criteria import Criteria, InvalidLimits
from farm.model.json_values import to_text
from farm.recording.trial_reader import TrialReader
from farm.verdict import judge
from tests.farm.recordings import recorded
from tests.synthetic import Page


def verdict(trial: TrialReader) -> str:
    evidence = trial_evidence(trial, window_s=10.0, poll_s=1.0)
    return to_text(judge(evidence, Criteria(), InvalidLimits(), None))


async def test_shuffled_rows_of_every_table_give_the_same_verdict_to_the_byte(
    tmp_path: Path,
) -> None:
    pages = Page("p000", seconds=31, silent=((14, 19),), loss=0.02), Page("p001", seconds=31)
    trial = await recorded(tmp_path, *pages)
    told = {verdict(trial)}
    tables = sorted(trial.folder.path.rglob("*.parquet"))
    assert len({table.parent.name for table in tables}) > 5
    for seed in range(5):
        for table in tables:
            rows = pl.read_parquet(table)
            rows.sample(fraction=1.0, shuffle=True, seed=seed).write_parquet(table)
        told.add(verdict(trial))
    assert len(told) == 1
    assert '"fail"' in told.pop()
