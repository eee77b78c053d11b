"""Writes the report of a run: `report/index.html`, its figures and the numbers in them.

The only file writer of this room. All of it comes from the recording, so it can be written again at
any time, also for a run that broke off or whose folder was damaged: what is missing is said.
"""

from __future__ import annotations

import csv
import re
import shutil
import struct
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import jinja2
import numpy as np

from farm.evidence import trial_evidence
from farm.recording.durable_file import recording_error
from farm.recording.reader import RunReader, TrialReader
from farm.scenario import camera_size
from reports.answer import Answer
from reports.canvas import farm_style
from reports.charts import Chart, Charts, Column
from reports.limits import limit_points, limit_tables, threshold_of
from reports.page import (
    Failure,
    FigureEntry,
    Page,
    Picture,
    TrialSection,
    deciding_trials,
    failures,
    role_caption,
    role_pictures,
    said_table,
)
from reports.pipeline_chart import pipeline_chart
from reports.provenance import facts, whole_texts
from reports.search_answer import search_answer
from reports.search_charts import search_charts
from reports.search_series import capacity_curve, search_series
from reports.search_tables import results_table, trials_table
from reports.series import trial_series
from reports.tables import Table
from reports.trial_answer import trial_answer
from reports.trial_charts import trial_charts
from reports.trial_frames import trial_frames
from reports.trial_tables import probe_table, reasons_table, session_table
from reports.watch_chapter import watch_answer, watch_charts

FOLDER = "report"

_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def write_bundle(run: Path) -> Path:
    """Write the report of the run in folder `run`; returns the path of its page.

    A report that is there is replaced once the new one is whole. Raises RecordingError if `run` is
    no run folder or the report cannot be written, NoSpace if the disk is full.
    """
    reader = RunReader.open(run)
    folder, beside = run / FOLDER, run / f"{FOLDER}.new"
    try:
        shutil.rmtree(beside, ignore_errors=True)
        beside.mkdir()
        with farm_style():
            page = _Bundle(reader, beside).page()
        (beside / "index.html").write_text(_render(page), encoding="utf-8")
        shutil.rmtree(folder, ignore_errors=True)
        beside.rename(folder)
    except OSError as error:
        raise recording_error(folder, error) from error
    return folder / "index.html"


class _Bundle:
    """The files of one report as they are written into `folder`, which exists."""

    def __init__(self, reader: RunReader, folder: Path) -> None:
        self._reader = reader
        self._folder = folder
        self._settings = reader.manifest.settings
        self._scenario = self._settings.scenario.kind

    def page(self) -> Page:
        """Draw and copy everything; returns what the page says about it."""
        reader = self._reader
        results = reader.results
        searched = _is_search(reader)
        capacity = (reader.summary or {}).get("capacity") or {}
        deciding = (
            deciding_trials(results, capacity.get("probes"))
            if searched
            else _main_trial(reader.trials)
        )
        sections = tuple(
            self._section(trial, unfold=trial.plan.index in deciding) for trial in reader.trials
        )
        tables: tuple[Table, ...] = (trials_table(results),) if results else ()
        charts = Charts(())
        if searched:
            answer = search_answer(self._scenario, reader.summary, results, shared=self._shared())
            summary = reader.summary or {}
            curve = capacity_curve(self._settings, results)
            charts = search_charts(
                search_series(results), curve, self._settings, threshold_of(summary)
            )
            picture = f"{camera_size(self._settings)} at {self._settings.media.frame_rate}/s"
            tables = (
                results_table(self._scenario, picture, summary, results),
                *limit_tables(summary.get("limited_by")),
                *tables,
            )
        elif _is_watch(reader):
            answer, hours = watch_answer(self._settings, results, reader.journal)
            charts = watch_charts(self._settings, results, reader.journal)
            tables = (*hours, *tables)
        else:
            unfinished = Answer("open", "unfinished", "Unfinished: no trial was begun.")
            answer = next((each.answer for each in sections if each.unfold), unfinished)
            limited = (reader.summary or {}).get("limited_by")
            answer = replace(answer, reasons=(*answer.reasons, *limit_points(limited)))
            tables = (*limit_tables(limited), *tables)
        manifest = reader.manifest
        return Page(
            title=manifest.name or reader.path.resolve().name,
            subtitle=self._scenario,
            answer=answer,
            tables=tables,
            figures=(*self._draw(charts), *self._draw(Charts(self._pipeline()))),
            trials=sections,
            missing=charts.missing,
            facts=facts(manifest, reader.clocks),
            texts=whole_texts(manifest, reader.experiment_text, reader.summary),
            # Last, because damage is found by reading.
            damage=tuple(self._damage()),
        )

    def _pipeline(self) -> tuple[Chart, ...]:
        """As the media server said in the first trial in which it did."""
        told = (trial.topology for trial in self._reader.trials)
        return pipeline_chart(next((each for each in told if each is not None), None))

    def _shared(self) -> bool:
        """Whether probes ran on the server's own machine."""
        server, hosts = self._reader.manifest.server, self._reader.manifest.hosts
        return server is not None and any(host.hostname == server.hostname for host in hosts)

    def _damage(self) -> Iterable[str]:
        """What could not be read so far, by its place in the run folder; alike ones once."""
        found = [*self._reader.damage]
        for trial in self._reader.trials:
            found += trial.damage
        for damage in dict.fromkeys(found):
            yield f"{damage.path.relative_to(self._reader.path)}: {damage.why}"

    def _section(self, trial: TrialReader, *, unfold: bool) -> TrialSection:
        plan, result = trial.plan, trial.result
        prefix = f"trial-{plan.index:03d}"
        evidence = trial_evidence(
            trial, window_s=self._settings.trial.window_s, poll_s=self._settings.trial.poll_s
        )
        series = trial_series(trial_frames(trial), evidence)
        charts = trial_charts(series, self._settings, prefix)
        reasons = result.verdict.reasons if result is not None else ()
        whole = (
            session_table(self._scenario, series, reasons, f"{prefix}-sessions"),
            probe_table(plan, series, evidence.joins, reasons, f"{prefix}-probes"),
        )
        for table in whole:
            self._write_csv(f"{table.csv}.csv", _table_lines(table))
        said = said_table(trial.events)
        return TrialSection(
            anchor=prefix,
            heading=f"Trial {plan.index}: {plan.load} probes",
            answer=trial_answer(
                self._scenario,
                plan,
                result,
                evidence.phases,
                evidence.faults,
                shared=self._shared(),
            ),
            unfold=unfold,
            figures=self._draw(charts),
            tables=(
                *((reasons_table(reasons),) if reasons else ()),
                *(table.shown() for table in whole),
                *((said,) if said is not None else ()),
            ),
            failures=tuple(
                self._with_picture(failure, trial, prefix)
                for failure in failures(
                    plan, evidence.phases, evidence.joins, trial.events, evidence.faults
                )
            ),
            pictures=self._role_pictures(trial, prefix),
            missing=charts.missing,
        )

    # ------------------------------------------------------------ figures and their numbers

    def _draw(self, charts: Charts) -> tuple[FigureEntry, ...]:
        return tuple(self._figure(chart) for chart in charts.charts)

    def _figure(self, chart: Chart) -> FigureEntry:
        figure = chart.draw()
        path = self._folder / f"{chart.name}.png"
        figure.savefig(path)
        seen = figure.get_suptitle().replace("\n", " ")
        self._write_csv(f"{chart.name}.csv", _column_lines(chart.columns))
        picture = _picture(path, f"{chart.heading}. {seen}", chart.caption)
        return FigureEntry(chart.heading, picture, f"{chart.name}.csv")

    def _write_csv(self, name: str, lines: Iterable[Sequence[object]]) -> None:
        with (self._folder / name).open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows(lines)

    # ------------------------------------------------------------ screenshots

    def _role_pictures(self, trial: TrialReader, prefix: str) -> tuple[Picture, ...]:
        names = [path.name for path in trial.screenshots]
        copied = [
            self._copy(
                trial,
                name,
                prefix,
                f"The page of a {role} in mid-call",
                role_caption(trial.plan, role),
            )
            for name, role in role_pictures(trial.plan, names)
        ]
        return tuple(picture for picture in copied if picture is not None)

    def _with_picture(self, failure: Failure, trial: TrialReader, prefix: str) -> Failure:
        if failure.file is None:
            return failure
        alt = f"What the page of {failure.who} showed when it {failure.what}"
        return replace(
            failure, picture=self._copy(trial, failure.file, prefix, alt, "the page at that time")
        )

    def _copy(
        self, trial: TrialReader, name: str, prefix: str, alt: str, caption: str
    ) -> Picture | None:
        """A screenshot beside the page, under a name that is safe in a link; `None` if it is gone.

        Only the last part of `name` counts: what a recording says leads to no other folder.
        """
        source = trial.folder.screenshots / Path(name).name
        if not source.is_file():
            return None
        target = self._folder / f"{prefix}-{_UNSAFE.sub('_', source.stem)}.png"
        shutil.copyfile(source, target)
        return _picture(target, alt, caption)


def _is_search(reader: RunReader) -> bool:
    planned = any(trial.plan.purpose == "search" for trial in reader.trials)
    return planned or "capacity" in (reader.summary or {})


def _is_watch(reader: RunReader) -> bool:
    return any(trial.plan.purpose == "watch" for trial in reader.trials)


def _main_trial(trials: Sequence[TrialReader]) -> frozenset[int]:
    """The trial that `farm run` was called for: not those that only made its baseline."""
    single = [trial.plan.index for trial in trials if trial.plan.purpose == "single"]
    return frozenset((single or [trial.plan.index for trial in trials])[-1:])


def _picture(path: Path, alt: str, caption: str) -> Picture:
    """A PNG with its size in pixels, 0 x 0 where it is damaged."""
    header = path.read_bytes()[:24]
    width, height = struct.unpack(">II", header[16:24]) if len(header) == 24 else (0, 0)
    return Picture(path.name, alt, caption, width, height)


def _table_lines(table: Table) -> Iterable[Sequence[object]]:
    yield [heading.text for heading in table.headings]
    for place in table.worst_first or range(len(table.rows)):
        yield ["" if cell.sort is None else cell.sort for cell in table.rows[place]]


def _column_lines(columns: Mapping[str, Column]) -> Iterable[Sequence[object]]:
    yield list(columns)
    for row in zip(*columns.values(), strict=True):
        yield [_plain(value) for value in row]


def _plain(value: object) -> object:
    """A number in as many figures as it needs, nothing where it is unknown."""
    if isinstance(value, float | np.floating):
        return "" if np.isnan(value) else f"{value:.9g}"
    return value


def _render(page: Page) -> str:
    """The page as HTML; everything that a recording says is escaped."""
    templates = jinja2.Environment(
        loader=jinja2.PackageLoader("reports"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return templates.get_template("index.html.j2").render(page=page)
