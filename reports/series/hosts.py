"""CPU of the generator's machines second by second: use, programs that used it, waits. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import groupby

import numpy as np

from farm.analysis.cpu_shares import NAMED, USERS, mean_shares, wait_each_s
from farm.model.host_samples import CpuShare, HostSample
from reports.series.grid import Array, samples_on_grid
from reports.series.trial import HostSeries

REST = "all other programs"


def host_series(
    samples: Iterable[HostSample], grid_s: Array, held_percents: Mapping[str, float]
) -> Iterator[HostSeries]:
    """Of each host, on a grid of seconds in run time; what is unknown is NaN.

    `held_percents` are the hosts' means over the hold.
    """
    timed = [sample for sample in samples if sample.run_s is not None]
    timed.sort(key=lambda sample: (sample.host, sample.run_s))
    for host, group in groupby(timed, key=lambda sample: sample.host):
        seconds = list(group)
        times = _array(sample.run_s for sample in seconds)

        def on_grid(values: Iterable[float | None], times: Array = times) -> Array:
            return samples_on_grid(times, _array(values), grid_s)

        used = used_by(seconds)
        yield HostSeries(
            host=host,
            time_s=grid_s,
            cpu_percent=on_grid(sample.cpu_percent for sample in seconds),
            busiest_thread_percent=on_grid(sample.busiest_thread_percent for sample in seconds),
            cores=next((sample.cores for sample in seconds if sample.cores is not None), None),
            wait_each_s=on_grid(wait_each_s([sample.cpu_wait]) for sample in seconds),
            used={user: on_grid(values) for user, values in used.items()},
            hold_cpu_percent=held_percents.get(host),
        )


def used_by(seconds: Sequence[HostSample]) -> Mapping[str, Sequence[float | None]]:
    """Cores used in each second by probes, farm, media server, the largest others, the rest."""
    shares = mean_shares(sample.cpu_users for sample in seconds)
    others = [share.program for share in shares if share.user == "others" and share.program]
    largest = list(dict.fromkeys(others))[:NAMED]

    def label(share: CpuShare) -> str:
        if share.user != "others":
            return USERS[share.user]
        return share.program if share.program in largest else REST

    labels = list(dict.fromkeys(label(share) for share in shares))
    labels.sort(key=lambda each: each == REST)
    return {
        each: [
            None
            if sample.cpu_users is None
            else sum(share.cores for share in sample.cpu_users if label(share) == each)
            for sample in seconds
        ]
        for each in labels
    }


def _array(values: Iterable[float | None]) -> Array:
    return np.array([np.nan if value is None else value for value in values], dtype=np.float64)
