"""A run under way: one trial, a search, a watch, on a server and machines that stay open."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from functools import partial
from pathlib import Path

from farm.analysis.comparison import setting_differences
from farm.bench.call_recordings import require_room
from farm.bench.extent import Extent, check_space, search_extent, trials_at_most, watch_extent
from farm.bench.grouped_errors import errors_as_themselves
from farm.bench.recorded_run import WATCH, RecordedRun
from farm.bench.summaries import Summary, summary_of_search, summary_of_trial, summary_of_watch
from farm.bench.wiring import OpenWorld
from farm.errors import BadInput
from farm.execution.trials import BASELINES, Trials, find_capacity
from farm.execution.watch import BEGAN, watch_load
from farm.experiment_file import effective
from farm.model.experiment import Experiment
from farm.model.json_values import to_jsonable
from farm.model.trial_result import TrialResult
from farm.planning.load_steps import check_load, ladder, smallest_load
from farm.protocols import Clock
from farm.recording import RunRecording
from farm.results.watch_summary import WatchState
from farm.search.capacity_estimate import CapacityEstimate
from farm.search.from_experiment import search_of
from farm.verdict.baseline import Baseline

BASELINE_OF = "baseline_of"
"""The journal's kind of the baseline of another run that trials are compared with."""

ALIKE = ("scenario.", "app.", "media.", "network.", "probes.fidelity")
"""Settings that should be equal in a baseline's run."""


class Bench:
    """A run under way, made by `farm.open`: its folder, its trials, a search, a watch.

    One question at a time: a second one meanwhile, or one after the bench was closed, raises
    RuntimeError. Each question writes its answer to the folder's `summary.json`; a search's or a
    watch's stays the answer of the run when single trials follow.

    Errors come as themselves, in no ExceptionGroup: BadInput for what cannot be done, ServerError
    when the server cannot be reached to be reset, GeneratorError, RecordingError (NoSpace). That
    the server or a browser dies in a trial is none: it is a reason of the trial's verdict.
    """

    def __init__(
        self,
        recording: RunRecording,
        trials: Trials,
        opened: OpenWorld,
        experiment: Experiment,
        *,
        extent: Extent,
        spent_s: float,
    ) -> None:
        """There is room for `extent`; the run was under way for `spent_s` before it broke off."""
        self._recording, self._trials, self._opened = recording, trials, opened
        self._experiment, self._extent, self._spent_s = experiment, extent, spent_s
        self._is_busy, self._is_closed = False, False
        self._answer: Callable[[RecordedRun], Summary] | None = None

    @property
    def folder(self) -> Path:
        """The folder in which the run is recorded; `farm.read` opens it, also meanwhile."""
        return self._recording.path

    @property
    def experiment(self) -> Experiment:
        """The experiment as it was given, every setting with its value."""
        return self._experiment

    @property
    def results(self) -> tuple[TrialResult, ...]:
        """The results of all trials so far, in order, those of baselines too."""
        return tuple(self._trials.results)

    @property
    def baseline(self) -> Baseline | None:
        """The baseline of trials from now on; `None`: verdicts use absolute limits alone."""
        return self._trials.baseline

    @property
    def clock(self) -> Clock:
        """Run time: seconds since the bench was opened."""
        return self._trials.clock

    # ------------------------------------------------------------ what it is asked

    async def trial(self, load: int | None = None) -> TrialResult:
        """One trial of `load` probes (else `trial.load`, else the smallest) and its verdict.

        It is compared with `baseline` as it is then. `farm run` calls `find_baseline` before it.
        Raises BadInput for a load of no whole number of sessions, or that no machine carries.
        """
        scenario = self._experiment.scenario
        if load is None:
            load = self._experiment.trial.load or smallest_load(scenario)
        check_load(scenario, load, "load")
        async with self._asked(Extent(load, 1)):
            result, evidence = await self._trials.measure(load, "single")
            run = RecordedRun.open(self.folder)
            self._recording.write_summary(
                summary_of_trial(run, self._opened, self._trials.results, evidence)
                if self._answer is None
                else self._answer(run)
            )
        return result

    async def find_baseline(self) -> Baseline | None:
        """Trials of the smallest load until two pass and agree: four at most, `baseline` then.

        Those that the run has already are not made again. `None` if they do not pass or agree.
        """
        smallest = smallest_load(self._experiment.scenario)
        async with self._asked(Extent(smallest, BASELINES)):
            await self._trials.find_baseline(smallest, RecordedRun.open(self.folder).baselines())
        return self.baseline

    def compare_with(self, run: RecordedRun) -> None:
        """The baseline of another run becomes this one's, as by `farm run --baseline RUN`.

        Settings that should be equal and are not go to the observer and into the journal.
        Raises BadInput if no trial of that run passed, or they do not agree.
        """
        if run.baseline is None:
            raise BadInput(f"{run.path}: no trial of that run passed, or they do not agree")
        self._trials.baseline = run.baseline
        self._recording.journal(
            BASELINE_OF, run=str(run.path.resolve()), baseline=to_jsonable(run.baseline)
        )
        for each in setting_differences(effective(run.settings), effective(self._experiment)):
            if each.what.startswith(ALIKE):
                self._trials.say(
                    f"the baseline's run differs: {each.what}: {each.a}, here {each.b}"
                )

    async def find_capacity(self) -> CapacityEstimate:
        """The search that the experiment's `search` asks for, as `farm size` makes it.

        Trials that the run has already count; a baseline of its own is measured first, and replaces
        one of another run. `search.budget` counts from when the bench was opened. That the server
        is lost ends it with an estimate in that state.
        """
        experiment, settings = self._experiment, self._experiment.search
        rungs, budget_s = ladder(experiment), settings.budget_s
        async with self._asked(search_extent(experiment, len(self._trials.results))):
            estimate = await find_capacity(
                self._trials,
                search_of(experiment, trials_at_most(settings)),
                rungs.minimum,
                known=RecordedRun.open(self.folder).baselines(),
                budget_s=None if budget_s is None else budget_s - self._spent_s,
                drift_every=settings.drift_every,
            )
            self._recording.journal("answer", state=estimate.state, probes=estimate.probes)
            self._answer = partial(self._summary_of_search, estimate=estimate)
            self._recording.write_summary(self._answer(RecordedRun.open(self.folder)))
        return estimate

    async def watch(self) -> WatchState:
        """A trial of `watch.load` every `watch.every` for `watch.for`, as `farm watch` makes it.

        Returns what it came to. Raises BadInput where `watch.load` is no number, ServerError if the
        server is lost before there is a baseline; later it is an outage, and tried again.
        """
        load, settings = self._experiment.watch.load, self._experiment.watch
        if load is None:
            raise BadInput("watch.load: from_answer: expected a number of probes")
        check_load(self._experiment.scenario, load, "watch.load")
        async with self._asked(watch_extent(self._experiment, load, len(self._trials.results))):
            run = RecordedRun.open(self.folder)
            if not run.is_watch:
                self._recording.journal(WATCH, load=load)
            began = (entry.facts["wall_s"] for entry in run.journal if entry.kind == BEGAN)
            began_wall_s = next(began, None)
            await watch_load(
                self._trials,
                load,
                smallest_load(self._experiment.scenario),
                every_s=settings.every_s,
                for_s=settings.for_s,
                began_wall_s=None if began_wall_s is None else float(began_wall_s),
                known=run.baselines(),
            )
            self._answer = partial(summary_of_watch, results=self._trials.results, load=load)
            summary = self._answer(RecordedRun.open(self.folder))
            self._recording.journal("answer", state=summary["state"])
            self._recording.write_summary(summary)
        state: WatchState = summary["state"]
        return state

    # ------------------------------------------------------------ how it is asked

    def end(self) -> None:
        """Refuse further questions: servers and hosts are about to be closed."""
        self._is_closed = True

    @asynccontextmanager
    async def _asked(self, extent: Extent) -> AsyncIterator[None]:
        """Allow one question at a time, with room for `extent`. Raises BadInput."""
        if self._is_closed or self._is_busy:
            why = "it is closed" if self._is_closed else "a question is under way"
            raise RuntimeError(f"nothing can be asked of the bench: {why}")
        self._is_busy = True
        try:
            with errors_as_themselves():
                await self._make_room(extent)
                yield
        finally:
            self._is_busy = False

    async def _make_room(self, extent: Extent) -> None:
        sure = self._extent
        if extent.largest_load <= sure.largest_load and extent.trials <= sure.trials:
            return
        output = replace(self._experiment.output, directory=self.folder)
        here = replace(self._experiment, output=output)
        check_space(here, extent.largest_load, extent.trials)
        self._trials.check_room(extent.largest_load)
        server = self._opened.world.server
        await require_room(self._experiment, server, extent.largest_load, extent.trials)

    def _summary_of_search(self, run: RecordedRun, *, estimate: CapacityEstimate) -> Summary:
        experiment = self._experiment
        looks = self._trials.drift_checks(ladder(experiment).minimum, experiment.search.drift_every)
        return summary_of_search(run, self._opened, self._trials.results, estimate, looks)
