"""The charts by session and by stream: the session map, setup times. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from farm.model.experiment import Experiment
from farm.model.verdict import Reason
from reports.exports.row_commands import OF_EVENTS, RECEIVED, Traced
from reports.exports.told_rows import EVENTS
from reports.figures.chart import Chart, Column
from reports.figures.session_map import session_map
from reports.figures.setup_times import setup_times
from reports.series.session_quality import CAUSES, SessionQuality, session_quality, with_reasons
from reports.series.trial import TrialSeries


def viewer_quality(
    series: TrialSeries, settings: Experiment, reasons: Sequence[Reason] = ()
) -> SessionQuality | None:
    """`quality_of` for each viewer of a broadcast; `None` in other scenarios."""
    if series.viewer_windows is None:
        return None
    return with_reasons(session_quality(series.viewer_windows, settings.criteria), reasons)


def quality_of(
    series: TrialSeries, settings: Experiment, reasons: Sequence[Reason] = ()
) -> SessionQuality:
    """The share of limits that each session used up, by windows and the verdict's `reasons`."""
    return with_reasons(session_quality(series.session_windows, settings.criteria), reasons)


def session_map_chart(quality: SessionQuality) -> Sequence[Chart | str]:
    """The chart of the session map, or a sentence why there is none."""
    windows = quality.windows
    if not np.isfinite(quality.used).any():
        return ["No session map: nothing was received in a hold."]
    columns: Mapping[str, Column] = {
        windows.unit: windows.sessions,
        "probes": [" ".join(probes) for probes in windows.probes],
        "absent": [" ".join(probes) for probes in windows.absent],
        **{
            f"{what}_from_{start_s:.0f}_s": values
            for i, start_s in enumerate(windows.start_s)
            for what, values in (
                ("of_limit_used_ratio", quality.used[:, i]),
                ("limit", [CAUSES[each] for each in quality.cause[:, i]]),
            )
        },
    }
    return [
        Chart(
            "session-map",
            f"{windows.unit.capitalize()}s, window by window",
            f"Darker cells: the worst stream of the {windows.unit} was nearer to a limit, or "
            f"beyond it. A dark row is a bad {windows.unit}, a dark column a bad time for all.",
            lambda: session_map(quality),
            columns,
            Traced((*RECEIVED.tables, EVENTS)),
        )
    ]


def setup_chart(series: TrialSeries, settings: Experiment) -> Sequence[Chart | str]:
    """The chart of setup times, or a sentence why there is none."""
    setups = series.setups
    if not setups.probes:
        return ["No setup times: no stream was expected."]
    video = "the first decoded video frame or " if "video" in setups.kinds else ""
    return [
        Chart(
            "setup-times",
            "Setup times",
            f"From the page's offer to {video}the first audio packet.",
            lambda: setup_times(setups, settings.criteria.setup_within_s),
            {"probe": setups.probes, "kind": setups.kinds, "setup_s": setups.setup_s},
            OF_EVENTS,
        )
    ]
