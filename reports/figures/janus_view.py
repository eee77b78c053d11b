"""Figure of a Janus' own view of a trial: its sessions and handles, and losses on the way to it."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.figure import Figure

from farm.model.trial_evidence import Phases
from farm.model.wording import counted, percent
from reports.exports.row_commands import Traced
from reports.figures.canvas import (
    BLUE,
    ORANGE,
    finish_time_axes,
    from_zero,
    headline,
    new_figure,
    trial_time,
)
from reports.figures.chart import Chart
from reports.series.janus_view import JanusSeries


def janus_charts(janus: JanusSeries | None, phases: Phases) -> Sequence[Chart]:
    """The chart; none where no Janus was asked."""
    if janus is None:
        return ()
    return (
        Chart(
            "janus",
            "Janus' own view",
            "Sessions and handles that it had; each mark is a stream that it received, of a few in"
            " turn: the share of its packets that were lost since the last look.",
            lambda: janus_over_time(janus, phases),
            {
                "run_time_s": janus.time_s,
                "sessions": janus.sessions,
                "handles": janus.handles,
            },
            Traced(("janus",)),
        ),
    )


def janus_over_time(janus: JanusSeries, phases: Phases) -> Figure:
    """Draw sessions and handles above, the loss of each stream below."""
    figure, (held, lost) = new_figure(2, height=4.2)
    at = trial_time(held, janus.time_s, phases)
    held.step(at, janus.handles, where="post", color=BLUE, label="handles")
    held.step(at, janus.sessions, where="post", color=ORANGE, ls="--", label="sessions")
    held.set_ylabel("at once")
    from_zero(held, 1.0)
    marks = trial_time(lost, janus.lost_at_s, phases)
    lost.plot(marks, janus.lost * 100, ".", color=BLUE, alpha=0.6, label="a received stream")
    lost.set_ylabel("lost on the way\nto Janus, %")
    lost.set_ylim(0, max(1.0, float(janus.lost.max(initial=0.0)) * 105))
    finish_time_axes(figure, [held, lost], janus.time_s, phases)
    headline(figure, _title(janus))
    return figure


def _title(janus: JanusSeries) -> str:
    had = f"Janus had {counted(int(janus.handles.max()), 'handle')} at most"
    if not janus.lost.size:
        return f"{had}; no stream was looked at twice"
    return f"{had}; of what came to it, {percent(float(janus.lost.mean()))} was lost"
