"""The streams that a trial's plan expects, and the places of its probes. Pure."""

from __future__ import annotations

import polars as pl

from farm.model.trial_plan import TrialPlan
from farm.model.webrtc_stats import MEDIA_KINDS
from farm.planning.owed_slots import owed_slots, sent_slots

STREAM_SCHEMA = {
    "probe": pl.String(),
    "direction": pl.String(),
    "kind": pl.String(),
    "track": pl.Int64(),
}


def expected_streams(plan: TrialPlan, established: frozenset[str]) -> pl.DataFrame:
    """A row, marked `expected`, for each stream that the plan expects of `established` probes."""
    received = owed_slots(plan)
    rows = [
        (probe.probe, direction, kind, track, slot.is_screen)
        for probe in plan.probes
        if probe.probe in established
        for kind in MEDIA_KINDS
        for direction, slots in (
            ("inbound", received[probe.probe, kind]),
            ("outbound", sent_slots(probe, kind)),
        )
        for track, slot in enumerate(slots)
    ]
    schema = {**STREAM_SCHEMA, "is_screen": pl.Boolean()}
    return pl.DataFrame(rows, schema=schema, orient="row").with_columns(expected=True)


def places(plan: TrialPlan) -> pl.DataFrame:
    """Probe, session and role of each probe, as Enums, which sort in the order of the plan.

    The probe itself is the column `place`.
    """
    probes = plan.probes
    names = [probe.probe for probe in probes]
    columns = {
        "session": [probe.session for probe in probes],
        "role": [probe.role for probe in probes],
    }
    return pl.DataFrame(
        [
            pl.Series("probe", names, pl.String),
            pl.Series("place", names, pl.Enum(names)),
            *(
                pl.Series(name, values, pl.Enum(list(dict.fromkeys(values))))
                for name, values in columns.items()
            ),
        ]
    )
