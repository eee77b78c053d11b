"""What the server waited for: drawn where there was something, and never made up."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import polars as pl

from farm.model.server_samples import DiskSample, ServerSample
from farm.model.trial_evidence import Phases
from farm.recording.sample_tables import SERVER_SCHEMA, server_row
from reports.figures.server_strain import server_strain_over_time, strain_charts
from reports.series.grid import Array
from reports.series.server_strain import ServerStrain, server_strain
from tests.synthetic import server_sample

PHASES = Phases(ramp_s=0.0, settle_s=1.0, hold_s=2.0, leave_s=9.0, done_s=10.0)


def strain_of(*samples: ServerSample) -> ServerStrain | None:
    frame = pl.DataFrame([server_row(each) for each in samples], SERVER_SCHEMA, orient="row")

    def column(table: pl.DataFrame, name: str) -> Array:
        if name not in table.columns:
            return np.full(len(samples), np.nan)
        return table[name].cast(pl.Float64).to_numpy()

    return server_strain(frame, np.arange(float(len(samples))), column)


CALM = [
    replace(
        server_sample(float(second)),
        core_percent=(10.0, 40.0),
        core_softirq_percent=(3.0, 1.0),
        io_pressure_percent=0.2,
        disks=(DiskSample("vda", 0, 0, 1.0, None),),
        udp_receive_buffer_errors_per_s=0.0,
        cgroup_throttled_percent=None,
    )
    for second in range(10)
]


def test_a_calm_server_has_its_cores_and_nothing_else() -> None:
    strain = strain_of(*CALM)
    assert strain is not None
    (cores,) = strain.panels
    assert [sign.column for sign in cores.signs] == [
        "busiest_core_percent",
        "busiest_core_softirq_percent",
    ]
    assert cores.values[0].tolist() == [40.0] * 10
    assert cores.values[1].tolist() == [3.0] * 10
    title = server_strain_over_time(strain, PHASES).get_suptitle()
    assert title == "The busiest core of the server was busy 40 % of the hold"


def test_what_went_wrong_gets_a_panel_and_a_word() -> None:
    spoilt = [
        replace(
            each,
            udp_receive_buffer_errors_per_s=600.0 if second > 5 else 0.0,
            cgroup_throttled_percent=30.0,
            disks=(DiskSample("vda", 0, 0, 7.0, None), DiskSample("vdb", 0, 0, 90.0, 0.1)),
            queue_drops_per_s=12.0 if second == 5 else None,
        )
        for second, each in enumerate(CALM)
    ]
    strain = strain_of(*spoilt)
    assert strain is not None
    assert [panel.axis.partition(",")[0] for panel in strain.panels] == [
        "a core",
        "throttled",
        "disk",
        "UDP",
        "interface",
    ]
    assert strain.panels[2].values[0].max() == 90
    title = server_strain_over_time(strain, PHASES).get_suptitle().replace("\n", " ")
    assert "quota was used up in 30 % of the periods" in title
    assert "up to 600 UDP packets/s were dropped by sockets" in title
    assert "up to 12 packets/s were dropped by the interface's queue" in title
    (chart,) = strain_charts(strain, PHASES)
    assert {"run_time_s", "queue_drops_per_s", "busiest_disk_percent"} <= set(chart.columns)


def test_a_server_that_hides_everything_is_not_drawn() -> None:
    assert strain_of(ServerSample(0.0), ServerSample(1.0)) is None
    assert server_strain(None, np.empty(0), lambda _, __: np.empty(0)) is None
    assert strain_charts(None, PHASES) == ()


def test_a_recording_from_before_these_columns_is_read() -> None:
    old = pl.DataFrame({"run_s": [0.0, 1.0], "steal_percent": [0.0, 2.0]})
    strain = server_strain(
        old,
        np.arange(2.0),
        lambda table, name: table[name].to_numpy() if name in table.columns else np.full(2, np.nan),
    )
    assert strain is not None
    assert [sign.column for sign in strain.panels[0].signs] == ["steal_percent"]
