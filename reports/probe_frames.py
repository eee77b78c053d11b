"""The tables that one probe's channels are made of, read from its trial's recording."""

from __future__ import annotations

from farm.recording.reader import TrialReader
from reports.probe_channels import ProbeChannels, probe_channels

TABLES = ("inbound-rtp", "outbound-rtp", "remote-inbound-rtp", "candidate-pair")


def recorded_channels(
    trial: TrialReader, probe: str, since_s: float | None = None
) -> ProbeChannels:
    """What one probe went through; only its rows are read."""
    rows = trial.of_probes(probe, probe)
    tables = {type: rows.samples(type) for type in TABLES}
    return probe_channels(probe, tables, trial.phases, since_s)
