"""Who used the machines of the generator, in a table."""

from __future__ import annotations

from farm.model.host_samples import CpuShare, CpuWait
from reports.text.host_tables import host_table
from tests.farm.trial_evidence import good, with_host

USERS = (
    CpuShare("probes", None, 0.5),
    CpuShare("farm", None, 0.1),
    CpuShare("others", "cc1plus", 1.2),
    CpuShare("others", "backup", 0.1, low_priority=True),
    CpuShare("others", None, 0.05),
)


def test_each_user_of_a_host_with_its_cores_the_largest_others_named() -> None:
    evidence = with_host(
        good(),
        range(200),
        cores=2,
        cpu_users=USERS,
        cpu_wait=CpuWait(0.5, 0.6, 2000),
        cpu_pressure_percent=88.0,
    )
    table = host_table(evidence)
    assert table is not None
    (row,) = table.rows
    assert [cell.text for cell in row] == [
        "here",
        "2",
        "0.50",
        "0.10",
        "0.00",
        "1.35",
        "cc1plus 1.20, backup 0.10 (low priority), not seen by name 0.05",
        "0.30",
        "88",
    ]
    assert len(table.headings) == len(row)


def test_a_recording_that_does_not_tell_has_no_such_table() -> None:
    assert host_table(good()) is None
