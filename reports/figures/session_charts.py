"""The figures that tell sessions and streams apart: the session map, setup times. Pure."""

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
    """The same of each viewer of a broadcast."""
    if series.viewer_windows is None:
        return None
    return with_reasons(session_quality(series.viewer_windows, settings.criteria), reasons)


def quality_of(
    series: TrialSeries, settings: Experiment, reasons: Sequence[Reason] = ()
) -> SessionQuality:
    """How much of the limits each session used up, by itself and by the verdict's `reasons`."""
    return with_reasons(session_quality(series.session_windows, settings.criteria), reasons)


def session_map_chart(quality: SessionQuality) -> Sequence[Chart | str]:
    """The session map, or why there is none."""
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
            f"The darker, the nearer the worst stream of the {windows.unit} came to a limit, or "
            f"went beyond it. A dark row is a bad {windows.unit}, a dark column a bad time for "
            "all.",
            lambda: session_map(quality),
            columns,
            Traced((*RECEIVED.tables, EVENTS)),
        )
    ]


def setup_chart(series: TrialSeries, settings: Experiment) -> Sequence[Chart | str]:
    """How long each stream took, or why that is not known."""
    setups = series.setups
    if not setups.probes:
        return ["No setup times: no stream was expected."]
    return [
        Chart(
            "setup-times",
            "Setup times",
            "From the page's offer to the first decoded picture or the first audio packet.",
            lambda: setup_times(setups, settings.criteria.setup_within_s),
            {"probe": setups.probes, "kind": setups.kinds, "setup_s": setups.setup_s},
            OF_EVENTS,
        )
    ]
