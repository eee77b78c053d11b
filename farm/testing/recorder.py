"""A fake recorder: it keeps in memory what it was given."""

from __future__ import annotations

from dataclasses import dataclass, field

from farm.model.clock_reading import ClockReading
from farm.model.host_samples import HostSample
from farm.model.janus_samples import JanusSample
from farm.model.kurento_samples import KurentoSample, KurentoTopology
from farm.model.page_samples import PageReport, ProbeEvent
from farm.model.server_samples import Gap, ResetReport, ServerSample
from farm.model.trial_evidence import Fault, JoinOutcome
from farm.model.trial_plan import Phase


@dataclass
class FakeRecorder:
    """Implements `protocols.Recorder`; each list is in the order of the calls.

    `phases` are with the run time at which they began, `joins` by probe.
    """

    phases: list[tuple[Phase, float]] = field(default_factory=list)
    joins: dict[str, JoinOutcome] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)
    reports: list[PageReport] = field(default_factory=list)
    events: list[ProbeEvent] = field(default_factory=list)
    host_samples: list[HostSample] = field(default_factory=list)
    server_samples: list[ServerSample] = field(default_factory=list)
    gaps: list[Gap] = field(default_factory=list)
    resets: list[ResetReport] = field(default_factory=list)
    kurento_samples: list[KurentoSample] = field(default_factory=list)
    janus_samples: list[JanusSample] = field(default_factory=list)
    topologies: list[KurentoTopology] = field(default_factory=list)
    clock_readings: list[ClockReading] = field(default_factory=list)

    def page_report(self, report: PageReport) -> None:
        self.reports.append(report)

    def event(self, event: ProbeEvent) -> None:
        self.events.append(event)

    def host_sample(self, sample: HostSample) -> None:
        self.host_samples.append(sample)

    def server_sample(self, sample: ServerSample) -> None:
        self.server_samples.append(sample)

    def gap(self, gap: Gap) -> None:
        self.gaps.append(gap)

    def kurento_sample(self, sample: KurentoSample) -> None:
        self.kurento_samples.append(sample)

    def janus_sample(self, sample: JanusSample) -> None:
        self.janus_samples.append(sample)

    def topology(self, topology: KurentoTopology) -> None:
        self.topologies.append(topology)

    def phase(self, phase: Phase, run_s: float) -> None:
        self.phases.append((phase, run_s))

    def join(self, outcome: JoinOutcome) -> None:
        self.joins[outcome.probe] = outcome

    def reset(self, report: ResetReport) -> None:
        self.resets.append(report)

    def fault(self, fault: Fault) -> None:
        self.faults.append(fault)

    def clock(self, reading: ClockReading) -> None:
        self.clock_readings.append(reading)
