"""Writes the tables of a trial, from batches of samples. Blocking: to be used in a thread."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any

from farm.model.host_samples import HostSample
from farm.model.janus_samples import JanusSample
from farm.model.kurento_samples import KurentoSample
from farm.model.page_samples import PageReport
from farm.model.server_samples import ServerSample
from farm.model.trial_plan import TrialPlan
from farm.recording.durable_file import Replace, recording_error
from farm.recording.janus_table import JANUS_SCHEMA, janus_row
from farm.recording.parquet_parts import PartWriter
from farm.recording.run_folder import TrialFolder
from farm.recording.sample_tables import (
    HOST_SCHEMA,
    KURENTO_SCHEMA,
    POLL,
    POLL_SCHEMA,
    SERVER_SCHEMA,
    host_row,
    kurento_row,
    poll_row,
    server_row,
    stats_rows,
    stats_schema,
)


@dataclass
class UnwrittenRows:
    """Reports and samples that arrived since the last part was written."""

    reports: list[PageReport] = field(default_factory=list)
    host_samples: list[HostSample] = field(default_factory=list)
    server_samples: list[ServerSample] = field(default_factory=list)
    kurento_samples: list[KurentoSample] = field(default_factory=list)
    janus_samples: list[JanusSample] = field(default_factory=list)


class TrialTables:
    """The tables of W3C stats types, polls, hosts and server, and the text of `top`.

    All methods raise RecordingError, NoSpace; what was written before stays readable.
    """

    def __init__(self, folder: TrialFolder, plan: TrialPlan, replace: Replace) -> None:
        self._folder = folder
        self._replace = replace
        self._host_of = {probe.probe: probe.host for probe in plan.probes}
        self._samples: dict[str, PartWriter] = {}
        self._polls = PartWriter(folder.samples(POLL), POLL_SCHEMA, replace)
        self._hosts = PartWriter(folder.hosts, HOST_SCHEMA, replace)
        self._server = PartWriter(folder.server, SERVER_SCHEMA, replace)
        self._kurento = PartWriter(folder.kurento, KURENTO_SCHEMA, replace)
        self._janus = PartWriter(folder.janus, JANUS_SCHEMA, replace)

    def write(self, batch: UnwrittenRows) -> None:
        """Write one more part of each table that has new rows."""
        rows: defaultdict[str, list[tuple[Any, ...]]] = defaultdict(list)
        # Probe by probe, so that a few probes of thousands can be read without the others.
        reports = sorted(batch.reports, key=lambda report: report.probe)
        for report in reports:
            for type, row in stats_rows(report, self._host_of[report.probe]):
                rows[type].append(row)
        for type, some in rows.items():
            self._table_of(type).write(some)
        if reports:
            self._polls.write([poll_row(r, self._host_of[r.probe]) for r in reports])
        if batch.host_samples:
            self._hosts.write([host_row(sample) for sample in batch.host_samples])
        if batch.server_samples:
            self._server.write([server_row(sample) for sample in batch.server_samples])
            self._append_top("".join(sample.top_text or "" for sample in batch.server_samples))
        if batch.kurento_samples:
            self._kurento.write([kurento_row(sample) for sample in batch.kurento_samples])
        if batch.janus_samples:
            self._janus.write([janus_row(sample) for sample in batch.janus_samples])

    def compact(self) -> None:
        """Turn the parts of each table into one file."""
        for table in (
            *self._samples.values(),
            self._polls,
            self._hosts,
            self._server,
            self._kurento,
            self._janus,
        ):
            table.compact()

    def _table_of(self, type: str) -> PartWriter:
        if type not in self._samples:
            folder = self._folder.samples(type)
            self._samples[type] = PartWriter(folder, stats_schema(type), self._replace)
        return self._samples[type]

    def _append_top(self, text: str) -> None:
        if not text:
            return
        try:
            with self._folder.top.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError as error:
            raise recording_error(self._folder.top, error) from error
