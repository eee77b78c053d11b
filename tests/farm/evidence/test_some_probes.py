"""Some probes at a time give what all of them at once give."""

from __future__ import annotations

from pathlib import Path

from farm.evidence import trial_evidence
from farm.evidence.from_recording import probe_intervals
from tests.farm.recordings import recorded
from tests.synthetic import Page, call_plan


async def test_one_probe_alone_is_what_it_is_among_others(tmp_path: Path) -> None:
    pages = [Page(f"p{number:03d}", loss=0.02 * number) for number in range(4)]
    trial = await recorded(tmp_path, *pages, plan=call_plan(2))
    evidence = trial_evidence(trial, window_s=10, poll_s=1)
    alone = [
        interval for page in pages for interval in probe_intervals(trial, page.probe, window_s=10)
    ]
    assert alone == list(evidence.intervals)


async def test_batches_hold_each_probe_once_and_read_no_other(tmp_path: Path) -> None:
    pages = [Page(f"p{number:03d}", seconds=12) for number in range(6)]
    trial = await recorded(tmp_path, *pages, plan=call_plan(3))
    batches = list(trial.in_batches((page.probe for page in reversed(pages)), at_once=4))
    assert [probes for probes, _ in batches] == [
        ("p000", "p001", "p002", "p003"),
        ("p004", "p005"),
    ]
    for probes, rows in batches:
        polls, inbound = rows.polls(), rows.samples("inbound-rtp", ("probe",))
        assert polls is not None
        assert inbound is not None
        assert set(polls["probe"]) == set(inbound["probe"]) == set(probes)


async def test_names_of_unequal_length_stay_in_the_order_of_the_plan(tmp_path: Path) -> None:
    """As text p1000 lies between p100 and p101."""
    plan = call_plan(502)
    seen = ["p999", "p1000", "p100"]
    trial = await recorded(tmp_path, *(Page(probe) for probe in seen), plan=plan)
    evidence = trial_evidence(trial, window_s=10, poll_s=1)
    probes = list(dict.fromkeys(interval.probe for interval in evidence.intervals))
    assert probes == [probe.probe for probe in plan.probes]
    assert [count.probe for count in evidence.polls] == probes
