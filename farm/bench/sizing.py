"""A search for the capacity in a run of its own, begun or taken up again."""

from __future__ import annotations

from pathlib import Path

from farm.bench.extent import search_extent
from farm.bench.opening import open_bench, resumed_bench
from farm.bench.recorded_run import RecordedRun
from farm.files.file_lock import FileLock
from farm.model.experiment import Experiment
from farm.protocols import Observer
from farm.search.capacity_estimate import CapacityEstimate


async def search(
    experiment: Experiment, text: str | None, beside: Path, observer: Observer
) -> tuple[Path, CapacityEstimate]:
    """Make a run that searches for the capacity; returns its folder, too.

    `text` and `beside` are those of `open_bench`.
    """
    extent = search_extent(experiment)
    async with open_bench(
        experiment, observer=observer, text=text, beside=beside, extent=extent
    ) as bench:
        return bench.folder, await bench.find_capacity()


async def resumed_search(
    run: RecordedRun, lock: FileLock, observer: Observer
) -> tuple[Path, CapacityEstimate]:
    """Resume the search of a run that broke off; its finished trials are not repeated."""
    extent = search_extent(run.settings, len(run.results))
    async with resumed_bench(run, lock, observer, extent) as bench:
        return bench.folder, await bench.find_capacity()
