"""Writes a trial's part of the page: its figures, tables and worst sessions."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace

from farm.analysis.intervals import Intervals
from farm.attribution import cpu_cross_correlation
from farm.evidence import trial_evidence
from farm.evidence.quality_by_second import quality_by_second
from farm.model.experiment import Experiment
from farm.model.server_settings import EMBEDDED, HERE
from farm.model.trial_evidence import TrialEvidence
from farm.model.verdict import Outcome
from farm.model.webrtc_stats import MEDIA_KINDS
from farm.model.wording import counted
from farm.recording.trial_reader import TrialReader
from reports.exports.row_commands import OF_EVENTS, OF_TRIALS, Traced, probe_commands
from reports.figures.chart import Chart
from reports.figures.close_up import PROBES, CloseUp, session_close_up
from reports.figures.session_charts import quality_of
from reports.figures.trial_charts import trial_charts
from reports.pages.bundle_files import BundleFiles
from reports.pages.page import (
    Failure,
    FigureEntry,
    Image,
    SessionPart,
    TrialSection,
    failures,
    page_messages,
    role_caption,
    role_screenshots,
)
from reports.series.data_channels import message_rates
from reports.series.probe_frames import TABLES, SessionChannels, hold_of
from reports.series.received_layers import layers_received
from reports.series.trial import ServerSeries, TrialSeries
from reports.series.trial_arrays import trial_series
from reports.series.trial_frames import trial_frames
from reports.text.data_table import data_tables
from reports.text.host_tables import host_table
from reports.text.layer_tables import layer_tables
from reports.text.session_sections import WORST, SessionSection, session_sections, worst_sessions
from reports.text.table import OF_VIDEO
from reports.text.trial_answer import trial_answer
from reports.text.trial_tables import probe_table, reasons_table, session_table

FOLDED_WORST = 5
"""Sections of worst sessions in a trial that does not decide the run."""


class TrialPart:
    """Reads and draws one trial; `shared`: probes ran on the server's own machine.

    `steps_work`: a trial of the run passed. `baseline_frame_rate` is that of the run's baseline.
    """

    def __init__(
        self,
        files: BundleFiles,
        settings: Experiment,
        trial: TrialReader,
        *,
        shared: bool,
        steps_work: bool,
        baseline_frame_rate: float | None,
    ) -> None:
        self._files = files
        self._settings = settings
        self._trial = trial
        self._shared = shared
        self._steps_work = steps_work
        self._baseline_frame_rate = baseline_frame_rate
        self.index = trial.plan.index
        self.server: ServerSeries | None = None
        """The server's figures, once the section is drawn."""
        self._prefix = f"trial-{self.index:03d}"

    def section(self, *, unfold: bool) -> TrialSection:
        """Draw and write everything; `unfold` when this trial decides the run."""
        trial, files, settings = self._trial, self._files, self._settings
        plan, result, prefix = trial.plan, trial.result, self._prefix
        scenario = settings.scenario.kind
        evidence = trial_evidence(
            trial, window_s=settings.trial.window_s, poll_s=settings.trial.poll_s
        )
        series = trial_series(trial_frames(trial), evidence, self._baseline_frame_rate)
        self.server = series.server
        reasons = result.verdict.reasons if result is not None else ()
        quality = quality_of(series, settings, reasons)
        cpu = cpu_cross_correlation(evidence, quality_by_second(trial))
        layers = layers_received(evidence)
        charts = trial_charts(
            series,
            quality,
            settings,
            prefix,
            reasons,
            cpu=cpu,
            layers=layers,
            messages=message_rates(trial, evidence),
            kinds=tuple(kind for kind in MEDIA_KINDS if plan.owes(kind)),
        )
        worst = worst_sessions(quality, reasons)
        sections = session_sections(
            evidence,
            quality,
            reasons,
            worst[: WORST if unfold else FOLDED_WORST],
            prefix=prefix,
            poll_s=settings.trial.poll_s,
        )
        anchors = {each.session: each.anchor for each in sections}
        whole = (
            session_table(scenario, series, reasons, worst, f"{prefix}-sessions"),
            probe_table(plan, series, evidence.joins, reasons, f"{prefix}-probes"),
            *layer_tables(evidence, layers, prefix),
            *data_tables(evidence, prefix),
        )
        if not plan.owes("video"):
            whole = tuple(table.without(OF_VIDEO) for table in whole)
        for table in whole:
            files.write_table(table)
        failed = result is not None and result.verdict.outcome is Outcome.FAIL
        close = None
        if sections and (unfold or failed):
            close = self._close_up(evidence, series, sections[0])
        messages, hosts = page_messages(trial.events), host_table(evidence)
        tables = (
            *((reasons_table(reasons, evidence.phases),) if reasons else ()),
            *(table.shown().linked(anchors) for table in whole),
            *(table for table in (hosts, messages) if table is not None),
        )
        return TrialSection(
            anchor=prefix,
            heading=f"Trial {plan.index}: {counted(plan.load, 'probe')}",
            answer=trial_answer(
                scenario,
                plan,
                result,
                evidence.phases,
                evidence.faults,
                shared=self._shared,
                steps_work=self._steps_work,
                started_here=settings.server.kurento == EMBEDDED or settings.server.janus == HERE,
            ),
            unfold=unfold,
            figures=files.draw(charts, trial),
            tables=tuple(files.traced(table, trial) for table in tables),
            sessions=self._sessions(sections, close),
            failures=self._failures(evidence),
            screenshots=self._role_screenshots(),
            missing=charts.missing,
            commands=files.commands(OF_TRIALS, trial) if result is not None else (),
            failed=files.commands(OF_EVENTS, trial),
        )

    # ------------------------------------------------------------ the worst sessions

    def _sessions(
        self, sections: tuple[SessionSection, ...], close: FigureEntry | None
    ) -> tuple[SessionPart, ...]:
        shots = self._session_screenshots({each.session for each in sections})
        return tuple(
            SessionPart(
                anchor=each.anchor,
                session=each.session,
                why=each.why,
                who=_who(each),
                reasons=each.reasons,
                table=self._files.traced(each.table, self._trial),
                figure=close if place == 0 else None,
                screenshots=tuple(shots[each.session]),
                commands=probe_commands(
                    self._files.run,
                    [probe.probe for probe in each.probes[:PROBES]],
                    self.index,
                ),
            )
            for place, each in enumerate(sections)
        )

    def _close_up(
        self, evidence: TrialEvidence, series: TrialSeries, worst: SessionSection
    ) -> FigureEntry | None:
        """The figure of the worst session; `None` if none of its probes was ever polled."""
        probes = [*worst.probes[:PROBES]]
        session = next(each for each in self._trial.plan.sessions if each.session == worst.session)
        if not any(probe.sends for probe in probes):
            # Of a broadcast the presenter, too, who sent what the viewers received.
            probes[-1:] = [probe for probe in session.probes if probe.sends][:1] or probes[-1:]
        hold = hold_of(Intervals.of(evidence.intervals).frame)
        streams = SessionChannels(self._trial, session, hold, self._settings.trial.poll_s)
        shown = [
            (probe, channels)
            for probe in probes
            if (channels := streams.of(probe.probe)).time_s.size
        ]
        if not shown:
            return None
        names = tuple(probe.probe for probe, _ in shown)
        close = CloseUp(
            session=worst.session,
            roles=tuple(probe.role for probe, _ in shown),
            channels=tuple(channels for _, channels in shown),
            others=len(worst.probes) + worst.others - len(shown),
            server=series.server,
            worst_s=worst.worst_s,
            why=worst.why,
        )
        chart = Chart(
            f"{self._prefix}-worst-session",
            "The worst session in detail",
            "Its probes side by side, a line for each stream that one sent or received, by its "
            "sender; the server's CPU below. A line ends where its stream does. Loss of sent "
            "streams is by the server's reports.",
            lambda: session_close_up(close),
            close.columns(),
            Traced(TABLES, names),
        )
        return self._files.figure(chart, self._trial)

    def _session_screenshots(self, sessions: set[str]) -> defaultdict[str, list[Image]]:
        """Screenshots of the probes of `sessions`, by session."""
        session_of = {
            probe.probe: probe for probe in self._trial.plan.probes if probe.session in sessions
        }
        screenshots: defaultdict[str, list[Image]] = defaultdict(list)
        copied: set[str] = set()
        for seen in self._trial.events:
            name = str(seen.event.data.get("file") or seen.event.data.get("screenshot") or "")
            probe = session_of.get(seen.event.probe)
            if seen.event.kind not in {"screenshot", "failed"} or not name or probe is None:
                continue
            if name in copied:
                continue
            copied.add(name)
            image = self._files.copy(
                self._trial,
                name,
                self._prefix,
                f"The page of {probe.probe}, {probe.role} of {probe.session}",
                f"{probe.probe}, {probe.role}",
            )
            if image is not None:
                screenshots[probe.session].append(image)
        return screenshots

    # ------------------------------------------------------------ screenshots

    def _failures(self, evidence: TrialEvidence) -> tuple[Failure, ...]:
        trial = self._trial
        return tuple(
            self._with_screenshot(failure)
            for failure in failures(
                trial.plan, evidence.phases, evidence.joins, trial.events, evidence.faults
            )
        )

    def _with_screenshot(self, failure: Failure) -> Failure:
        if failure.file is None:
            return failure
        alt = f"The page of {failure.who} when it {failure.what}"
        return replace(
            failure,
            screenshot=self._files.copy(
                self._trial, failure.file, self._prefix, alt, "the page at that time"
            ),
        )

    def _role_screenshots(self) -> tuple[Image, ...]:
        names = [path.name for path in self._trial.screenshots]
        probe_of = {
            str(seen.event.data.get("file")): seen.event.probe
            for seen in self._trial.events
            if seen.event.kind == "screenshot"
        }
        copied = [
            self._files.copy(
                self._trial,
                name,
                self._prefix,
                f"The page of a {role} in mid-call",
                role_caption(self._trial.plan, role, probe_of.get(name)),
            )
            for name, role in role_screenshots(self._trial.plan, names)
        ]
        return tuple(image for image in copied if image is not None)


def _who(section: SessionSection) -> str:
    """The probes of a section with their roles: `p002 (caller), p003 (callee)`."""
    left = len(section.probes) + section.others - PROBES
    names = ", ".join(f"{probe.probe} ({probe.role})" for probe in section.probes[:PROBES])
    return f"{names} and {left} more" if left > 0 else names
