"""The table of who used the machines of the generator, in a trial's hold. Pure."""

from __future__ import annotations

from farm.analysis.aggregates import mean_known
from farm.analysis.cpu_shares import NAMED, USERS, cores_of, mean_shares, share_text, wait_each_s
from farm.model.trial_evidence import TrialEvidence
from farm.model.wording import UNKNOWN
from farm.verdict.host_seconds import by_host
from reports.exports.row_commands import Traced
from reports.text.table import Cell, Heading, Table, number_cell

MILLI = 1000.0


def host_table(evidence: TrialEvidence) -> Table | None:
    """Cores by user, the three largest other programs, waits, each a mean over the hold.

    None for a recording without CPU by program.
    """
    start_s = evidence.phases.hold_s
    if start_s is None:
        return None
    rows = []
    for host, seconds in by_host(evidence.host_samples, start_s, evidence.phases.leave_s).items():
        shares = mean_shares(sample.cpu_users for sample in seconds)
        if not shares:
            continue
        cores = next((sample.cores for sample in seconds if sample.cores is not None), None)
        others = [share for share in shares if share.user == "others"]
        each_s = wait_each_s(sample.cpu_wait for sample in seconds)
        pressure = mean_known(sample.cpu_pressure_percent for sample in seconds)
        rows.append(
            (
                Cell(host, host),
                number_cell(cores),
                *(_cores_cell(cores_of(user, shares)) for user in USERS),
                Cell(", ".join(share_text(share, digits=2) for share in others[:NAMED]) or "none"),
                Cell(UNKNOWN) if each_s is None else Cell(f"{each_s * MILLI:.2f}", each_s),
                Cell(UNKNOWN) if pressure is None else Cell(f"{pressure:.0f}", pressure),
            )
        )
    if not rows:
        return None
    return Table(
        "Who used the generator's cores in the hold",
        (
            Heading("host"),
            Heading("cores", number=True),
            *(Heading(words, number=True) for words in USERS.values()),
            Heading("the largest of these"),
            Heading("probes waited each time, ms", number=True),
            Heading("CPU pressure, %", number=True),
        ),
        tuple(rows),
        traced=Traced(("hosts",)),
    )


def _cores_cell(cores: float) -> Cell:
    return Cell(f"{cores:.2f}", cores)
