"""What a figure holds, as plain data: compared with golden files instead of pixels.

`python -m tests.reports.figure_data` writes the golden files anew, to be looked at before commit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection, PolyCollection, QuadMesh
from matplotlib.figure import Figure

from reports.figures.by_probe import bitrate_by_session, bitrate_sorted, loss_by_probe
from reports.figures.close_up import session_close_up
from reports.figures.cpu_and_quality import quality_against_cpu
from reports.figures.hosts import host_use
from reports.figures.janus_view import janus_over_time
from reports.figures.machines import cpu_and_quality, generator_and_server, server_resources
from reports.figures.over_time import bitrate_over_time, frame_rate_over_time, loss_over_time
from reports.figures.pipeline import pipeline_as_built
from reports.figures.probe import probe_channels_figure
from reports.figures.search import (
    capacity_by_load,
    cpu_by_load,
    quality_by_cpu,
    quality_by_load,
    search_timeline,
)
from reports.figures.server_over_search import server_over_search_figure
from reports.figures.server_strain import server_strain_over_time
from reports.figures.server_threads import server_threads
from reports.figures.session_map import session_map
from reports.figures.setup_times import setup_times
from reports.series.pipeline import drawing_of
from reports.series.search import Threshold
from tests.reports.made_channels import made_channels, made_close_up, made_quality
from tests.reports.made_series import (
    made_curve,
    made_janus,
    made_search,
    made_server_over_search,
    made_strain,
    made_trial,
)
from tests.reports.made_watch import watch_chart
from tests.reports.series.test_pipeline import CALL

GOLDEN = Path(__file__).parents[1] / "golden"


def figures(probes: int) -> Mapping[str, Callable[[], Figure]]:
    """Every figure of a trial of so many probes, by name."""
    trial = made_trial(probes)
    phases, video, held = trial.phases, trial.received_bps["video"], trial.by_probe
    assert trial.server is not None
    assert trial.threads is not None
    server, threads = trial.server, trial.threads
    return {
        "bitrate_over_time": lambda: bitrate_over_time(
            "video", trial.sent_bps["video"], video, phases, held
        ),
        "loss_over_time": lambda: loss_over_time(trial.loss, phases, held, 10.0, 0.01),
        "frame_rate_over_time": lambda: frame_rate_over_time(
            trial.frame_rate, phases, held, (20.0,)
        ),
        "cpu_and_quality": lambda: cpu_and_quality(
            server, video, trial.frame_rate, trial.loss, phases, relation="A finding"
        ),
        "server_threads": lambda: server_threads(server, threads, phases),
        "quality_against_cpu": lambda: quality_against_cpu(
            "video",
            server.cpu_percent[15:75],
            video.band().mean[15:75],
            trial.frame_rate.band().mean[15:75],
            trial.loss.band().mean[15:75],
            relation="A finding",
        ),
        "server_resources": lambda: server_resources(server, phases),
        "janus_over_time": lambda: janus_over_time(made_janus(), phases),
        "server_strain": lambda: server_strain_over_time(made_strain(), phases),
        "host_use": lambda: host_use(trial.hosts[0], 0.002, phases),
        "generator_and_server": lambda: generator_and_server(server, trial.hosts, phases, 0.85),
        "bitrate_sorted": lambda: bitrate_sorted("video", trial.by_probe),
        "bitrate_by_session": lambda: bitrate_by_session("video", trial.by_probe, mixed=False),
        "loss_by_probe": lambda: loss_by_probe(trial.by_probe, 0.01),
        "session_map": lambda: session_map(made_quality(probes)),
        "probe_channels": lambda: probe_channels_figure(made_channels()),
        "session_close_up": lambda: session_close_up(made_close_up()),
        "setup_times": lambda: setup_times(trial.setups, 15.0),
    }


def search_figures() -> Mapping[str, Callable[[], Figure]]:
    """Every figure of a search, by name."""
    search = made_search()
    return {
        "search_timeline": lambda: search_timeline(search),
        "capacity_by_load": lambda: capacity_by_load(search, made_curve()),
        "server_over_search": lambda: server_over_search_figure(made_server_over_search()),
        "watch_over_time": watch_chart().draw,
        "pipeline_as_built": lambda: pipeline_as_built(drawing_of(CALL)),
        "cpu_by_load": lambda: cpu_by_load(search, 0.85),
        "quality_by_load": lambda: quality_by_load(search, 0.01),
        "quality_by_cpu": lambda: quality_by_cpu(search, 0.01, Threshold(62.0, (58.0, 66.0))),
    }


def figure_data(figure: Figure) -> dict[str, Any]:
    """Title, legend, and each panel's axes and artists."""
    return {
        "title": figure.get_suptitle().replace("\n", " "),
        "legend": [text.get_text() for legend in figure.legends for text in legend.get_texts()],
        "panels": [_panel(axes) for axes in figure.axes],
    }


def _panel(axes: Axes) -> dict[str, Any]:
    return {
        "x": axes.get_xlabel(),
        "y": axes.get_ylabel(),
        "y_limits": _plain(axes.get_ylim()),
        "lines": [
            {
                "label": line.get_label(),
                "x": _plain(line.get_xdata()),
                "y": _plain(line.get_ydata()),
            }
            for line in axes.lines
        ],
        "bars": [
            [_plain((bar.get_x(), bar.get_height())) for bar in container]
            for container in axes.containers
        ],
        "areas": [
            {"label": area.get_label(), "corners": _plain(area.get_paths()[0].vertices)}
            for area in axes.collections
            if isinstance(area, PolyCollection) and not isinstance(area, QuadMesh)
        ],
        "spans": [
            _plain(segment)
            for lines in axes.collections
            if isinstance(lines, LineCollection)
            for segment in lines.get_segments()
        ],
        "maps": [
            _plain(np.ma.filled(mesh.get_array().astype(float), np.nan))
            for mesh in axes.collections
            if isinstance(mesh, QuadMesh)
        ],
        "words": [text.get_text() for text in axes.texts],
        "shades": [_plain(patch.get_bbox().extents) for patch in axes.patches if _is_shade(patch)],
    }


def _is_shade(patch: Any) -> bool:
    return bool(patch.get_alpha())


def _plain(values: Any) -> Any:
    """Nested lists of numbers of six figures, NaN as null."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim:
        return [_plain(each) for each in array]
    return None if np.isnan(array) else float(f"{float(array):.6g}")


def golden_path(name: str) -> Path:
    return GOLDEN / f"{name}.json"


def main() -> None:
    """Write every golden file."""
    for name, draw in {**figures(4), **search_figures()}.items():
        text = json.dumps(figure_data(draw()), ensure_ascii=False, separators=(",", ":"))
        golden_path(name).write_text(text.replace(',"', ',\n"') + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
