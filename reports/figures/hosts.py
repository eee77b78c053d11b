"""Figure of a machine of the generator: cores used by program, and waits of probes for a core."""

from __future__ import annotations

import numpy as np
from matplotlib.figure import Figure

from farm.analysis.cpu_shares import USERS
from farm.model.trial_evidence import Phases
from farm.model.wording import counted
from reports.figures.canvas import (
    BLACK,
    BLUE,
    GREEN,
    ORANGE,
    PURPLE,
    WORST,
    finish_time_axes,
    from_zero,
    headline,
    mark_limit,
    new_figure,
    trial_time,
)
from reports.series.grid import mean_held
from reports.series.trial import HostSeries

MILLI = 1000.0
COLORS = {USERS["probes"]: GREEN, USERS["farm"]: BLUE, USERS["media_server"]: PURPLE}
OTHERS = (WORST, ORANGE, "#f0c987", "#bdbdbd")


def host_use(host: HostSeries, limit_s: float, phases: Phases) -> Figure:
    """Draw cores used by program, stacked, above the waits of probes with their `limit_s`."""
    figure, (used, waited) = new_figure(2, height=4.6)
    shown = trial_time(used, host.time_s, phases)
    others = iter(OTHERS)
    colors = [COLORS.get(user) or next(others, BLACK) for user in host.used]
    known = [np.nan_to_num(values) for values in host.used.values()]
    labels = [user.replace("$", r"\$") for user in host.used]  # else `$` begins a formula
    used.stackplot(shown, *known, labels=labels, colors=colors, step="post", lw=0)
    if host.cores is not None:
        used.axhline(host.cores, color=BLACK, lw=0.8, label="its cores")
    used.set_ylabel("cores used")
    from_zero(used, host.cores or 1)
    trial_time(waited, host.time_s, phases)
    waited.plot(shown, host.wait_each_s * MILLI, color=BLACK, label="probes waited, each time")
    mark_limit(waited, limit_s * MILLI, f"limit, {limit_s * MILLI:g} ms (mean of 5 s)")
    waited.set_ylabel("wait for\na core, ms")
    from_zero(waited, 1.2 * limit_s * MILLI)
    finish_time_axes(figure, [used, waited], host.time_s, phases)
    headline(figure, _title(host, phases))
    return figure


def waited_most(hosts: tuple[HostSeries, ...], phases: Phases) -> HostSeries:
    """The host whose probes waited longest in the hold; without any waits the busiest one."""
    return max(
        hosts,
        key=lambda host: (
            np.nan_to_num(mean_held(host.time_s, host.wait_each_s, phases), nan=-1.0),
            -1.0 if host.hold_cpu_percent is None else host.hold_cpu_percent,
        ),
    )


def _title(host: HostSeries, phases: Phases) -> str:
    means = {user: mean_held(host.time_s, values, phases) for user, values in host.used.items()}
    ours = set(USERS.values()) - {USERS["others"]}
    others = sum(mean for user, mean in means.items() if user not in ours and np.isfinite(mean))
    probes = means.get(USERS["probes"], float("nan"))
    used = "unknown" if np.isnan(probes) else f"{probes:.1f}"
    of = "cores" if host.cores is None else counted(host.cores, "core")
    wait_s = mean_held(host.time_s, host.wait_each_s, phases)
    waited = (
        "" if np.isnan(wait_s) else f"; probes waited {wait_s * MILLI:.1f} ms for one each time"
    )
    return (
        f"On {host.host} probes used {used} of {of} in the hold, "
        f"other programs {others:.1f}{waited}"
    )
