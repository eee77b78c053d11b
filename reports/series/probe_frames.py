"""Reads the recorded tables of a session's probes, and makes their channels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from farm.evidence.owed_streams import OwedStreams
from farm.evidence.page_acts import PageActs
from farm.evidence.rtp_tables import RtpTables
from farm.evidence.stream_senders import senders_in
from farm.evidence.stream_slots import Span
from farm.model.trial_plan import SessionPlan
from farm.planning.receivers import receivers
from farm.recording.sample_reader import SampleReader
from farm.recording.trial_reader import TrialReader
from reports.series.grid import Array
from reports.series.probe_channels import ProbeChannels, RecordedProbe, probe_channels
from reports.series.stream_figures import Owners

TABLES = ("inbound-rtp", "outbound-rtp", "remote-inbound-rtp", "candidate-pair")


class SessionChannels:
    """The channels of one session's probes; only the session's rows are read.

    `hold` is the span in which streams count, `poll_s` the period of polls.
    """

    def __init__(self, trial: TrialReader, session: SessionPlan, hold: Span, poll_s: float) -> None:
        self._trial = trial
        self._poll_s = poll_s
        plan = replace(trial.plan, sessions=(session,))
        acts = PageActs(trial.events, trial.plan.sharing)
        self._owed = OwedStreams(plan, hold, acts, senders_in(trial, [session], hold, acts))
        for other in session.probes:
            if other.sends:
                self._match(other.probe)

    def of(self, probe: str, since_s: float | None = None) -> ProbeChannels:
        """The channels of one of its probes, from `since_s` on."""
        rows = self._trial.of_probes(probe, probe)
        tables, owners = self._match(probe)
        identities = self._owed.identities()
        recorded = RecordedProbe(
            probe=probe,
            identities=[each for each in identities if each.probe == probe],
            owners=owners,
            received=tables.received,
            sent=tables.sent,
            reports=rows.samples("remote-inbound-rtp"),
            pairs=rows.samples("candidate-pair"),
            polled_s=_polled_s(rows, tables),
            off=self._owed.excuses().off(),
            receivers=receivers(identities),
        )
        return probe_channels(recorded, self._trial.phases, self._poll_s, since_s)

    def _match(self, probe: str) -> tuple[RtpTables, Owners]:
        tables = RtpTables(self._trial.of_probes(probe, probe))
        return tables, self._owed.add([life for life in tables.lives if life.probe == probe])


def _polled_s(rows: SampleReader, tables: RtpTables) -> Array:
    """The times of the page's polls, also where the table of polls is damaged."""
    polls = rows.polls(())
    frames = [table.every for table in (tables.received, tables.sent) if table is not None]
    times = [
        frame["run_s"].drop_nulls().cast(pl.Float64).to_numpy()
        for frame in (*frames, *(() if polls is None else (polls,)))
    ]
    return np.concatenate(times) if times else np.empty(0)


def hold_of(intervals: pl.DataFrame) -> Span:
    """The span of the hold, by its windows; empty without one."""
    first, last = intervals.select(pl.col("start_s").min(), pl.col("end_s").max()).row(0)
    return (0.0, 0.0) if first is None else (first, last)
