"""Writes the report of a run: `report/index.html`, its figures and the numbers in them.

All of it comes from the recording, so it can be written again at any time, also for a run that
broke off or whose folder was damaged: the page names what is missing.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

from farm.analysis.aggregates import median_known
from farm.analysis.same_machine import is_shared
from farm.attribution import any_passed
from farm.model.trial_result import TrialResult
from farm.model.verdict import Outcome
from farm.planning.trial_planning import camera_size
from farm.recording.durable_file import folder_beside, recording_error
from farm.recording.reader import RunReader
from farm.recording.trial_reader import TrialReader
from farm.results.relaxed_limits import relaxed_limits, relaxed_text
from reports.exports.row_commands import OF_TRIALS
from reports.figures.canvas import farm_style
from reports.figures.chart import Chart, Charts
from reports.figures.pipeline_chart import pipeline_chart
from reports.figures.search_charts import search_charts
from reports.figures.server_over_search import server_over_search
from reports.pages.bundle_files import BundleFiles
from reports.pages.bundle_trial import TrialPart
from reports.pages.page import ReportPage, deciding_trials
from reports.pages.rendering import rendered
from reports.pages.watch_chapter import watch_answer, watch_charts
from reports.series.search import capacity_curve, search_series
from reports.text.answer import AnswerText
from reports.text.costs import cost_tables
from reports.text.limits import limit_points, limit_tables, threshold_of
from reports.text.provenance import facts, whole_texts
from reports.text.search_answer import search_answer
from reports.text.search_tables import results_table, trials_table
from reports.text.table import OF_VIDEO, Table

FOLDER = "report"


def write_bundle(run: Path) -> Path:
    """Write the report of the run in folder `run`; returns the path of its page.

    A report that is there is replaced once the new one is whole; several may be drawn at once.
    Raises RecordingError if `run` is no run folder or the report cannot be written, NoSpace if the
    disk is full.
    """
    reader = RunReader.open(run)
    folder = run / FOLDER
    try:
        with folder_beside(folder) as drawn:
            with farm_style():
                page = _Bundle(reader, drawn).page()
            (drawn / "index.html").write_text(rendered(page), encoding="utf-8")
    except OSError as error:
        raise recording_error(folder, error) from error
    return folder / "index.html"


class _Bundle:
    """The files of one report as they are written into `folder`, which exists."""

    def __init__(self, reader: RunReader, folder: Path) -> None:
        self._reader = reader
        self._files = BundleFiles(folder, reader.path.resolve().name, reader.trials)
        self._settings = reader.manifest.settings
        self._scenario = self._settings.scenario.kind

    def page(self) -> ReportPage:
        """Draw and copy everything; returns the page as a value."""
        reader = self._reader
        results = reader.results
        searched = _is_search(reader)
        capacity = (reader.summary or {}).get("capacity") or {}
        deciding = (
            deciding_trials(results, capacity.get("probes"))
            if searched
            else _main_trial(reader.trials)
        )
        parts = [
            TrialPart(
                self._files,
                self._settings,
                trial,
                shared=self._shared(),
                steps_work=any_passed(results),
                baseline_frame_rate=_baseline_frame_rate(results),
            )
            for trial in reader.trials
        ]
        sections = tuple(part.section(unfold=part.index in deciding) for part in parts)
        tables: tuple[Table, ...] = (trials_table(results),) if results else ()
        if not any(trial.plan.owes("video") for trial in reader.trials):
            tables = tuple(table.without(OF_VIDEO) for table in tables)
        charts = Charts(())
        if searched:
            answer = search_answer(self._scenario, reader.summary, results, shared=self._shared())
            summary = reader.summary or {}
            series = search_series(results)
            charts = search_charts(
                series,
                capacity_curve(self._settings, results),
                self._settings,
                threshold_of(summary),
                server_over_search(
                    series,
                    {
                        each.index: each.phases.ramp_s
                        for each in results
                        if each.phases.ramp_s is not None
                    },
                    {part.index: part.server for part in parts if part.server},
                ),
            )
            camera = f"{camera_size(self._settings)} at {self._settings.media.frame_rate}/s"
            tables = (
                results_table(self._scenario, camera, summary, results),
                *limit_tables(summary.get("limited_by")),
                *cost_tables(summary.get("cost")),
                *tables,
            )
        elif _is_watch(reader):
            answer, hours = watch_answer(self._settings, results, reader.journal)
            charts = watch_charts(self._settings, results, reader.journal)
            tables = (*hours, *tables)
        else:
            unfinished = AnswerText("open", "unfinished", "Unfinished: no trial was begun.")
            answer = next((each.answer for each in sections if each.unfold), unfinished)
            limited = (reader.summary or {}).get("limited_by")
            answer = replace(
                answer, reasons=(*answer.reasons, *limit_points(limited, answer.reasons))
            )
            tables = (*limit_tables(limited), *tables)
        if relaxed := relaxed_text(relaxed_limits(self._settings.invalid)):
            points = (f"{relaxed[0].upper()}{relaxed[1:]}.", *answer.points)
            answer = replace(answer, points=points)
        manifest = reader.manifest
        return ReportPage(
            title=manifest.name or reader.path.resolve().name,
            subtitle=self._scenario,
            answer=answer,
            tables=tuple(self._files.traced(table, None) for table in tables),
            figures=(
                *self._files.draw(charts, None),
                *self._files.draw(Charts(self._pipeline()), None),
            ),
            trials=sections,
            missing=(*charts.missing, *self._not_known()),
            commands=self._files.commands(OF_TRIALS, None) if results else (),
            facts=facts(manifest, reader.clocks),
            texts=whole_texts(manifest, reader.experiment_text, reader.summary),
            # Last, because damage is noticed while reading.
            damage=tuple(self._damage()),
        )

    def _pipeline(self) -> tuple[Chart, ...]:
        """The chart of the pipeline, from the first trial in which the server reported it."""
        reported = (trial.topology for trial in self._reader.trials)
        return pipeline_chart(next((each for each in reported if each is not None), None))

    def _not_known(self) -> tuple[str, ...]:
        """A sentence on figures that only a Kurento can fill."""
        server = self._settings.server
        if server.kurento is not None:
            return ()
        if server.janus is not None:
            return ("Pipelines and elements: a Janus has none.",)
        return ("Pipelines and elements: unknown, the server is not a Kurento.",)

    def _shared(self) -> bool:
        """Whether probes ran on the server's own machine."""
        manifest = self._reader.manifest
        return manifest.server is not None and is_shared(manifest.server, manifest.hosts)

    def _damage(self) -> Iterable[str]:
        """What could not be read so far, by its path in the run folder, each once."""
        all_damage = [*self._reader.damage]
        for trial in self._reader.trials:
            all_damage += trial.damage
        for damage in dict.fromkeys(all_damage):
            yield f"{damage.path.relative_to(self._reader.path)}: {damage.why}"


def _baseline_frame_rate(results: Iterable[TrialResult]) -> float | None:
    """The median frame rate of the baseline; `None` without one that passed."""
    return median_known(
        result.frame_rate
        for result in results
        if result.purpose == "baseline" and result.verdict.outcome is Outcome.PASS
    )


def _is_search(reader: RunReader) -> bool:
    planned = any(trial.plan.purpose == "search" for trial in reader.trials)
    return planned or "capacity" in (reader.summary or {})


def _is_watch(reader: RunReader) -> bool:
    return any(trial.plan.purpose == "watch" for trial in reader.trials)


def _main_trial(trials: Sequence[TrialReader]) -> frozenset[int]:
    """The trial that `farm run` was called for, not those of its baseline."""
    single = [trial.plan.index for trial in trials if trial.plan.purpose == "single"]
    return frozenset((single or [trial.plan.index for trial in trials])[-1:])
