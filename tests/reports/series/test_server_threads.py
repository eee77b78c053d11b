"""The busiest threads of the media server, in an order that does not depend on chance."""

from __future__ import annotations

import numpy as np
import polars as pl

from reports.series.server_threads import thread_series


def test_threads_that_are_as_busy_as_each_other_are_in_the_order_of_their_ids() -> None:
    threads = [
        {"tid": tid, "name": f"worker-{tid}", "cpu_percent": 25.0} for tid in range(90, 60, -1)
    ]
    threads.append({"tid": 7, "name": "main", "cpu_percent": 80.0})
    server = pl.DataFrame({"run_s": [1.0, 2.0], "threads": [threads, threads]})
    series = thread_series(server, np.array([1.0, 2.0]))
    assert series is not None
    assert series.total == 31
    assert series.names[:4] == ("main 7", "worker-61 61", "worker-62 62", "worker-63 63")
