"""The steps of a driver as a check saw them: which, how long, what went wrong. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from farm.drivers.step_places import StepKey, StepPlace
from farm.recording.trial_reader import TrialReader


@dataclass(frozen=True, slots=True)
class CheckedStep:
    """One step of a probe; `name` is what it did, `trouble` why it failed, if it did.

    `number` counts from 1 in its `part`. `picture` is the name of its screenshot's file; `ended_s`
    is run time, before the screenshot was taken.
    """

    probe: str
    role: str
    part: str
    number: int
    name: str
    took_s: float
    reason: str | None
    picture: str | None
    ended_s: float | None
    place: StepPlace | None

    @property
    def failed(self) -> bool:
        return self.reason is not None


def checked_steps(
    trial: TrialReader, places: Mapping[StepKey, StepPlace]
) -> Mapping[str, Sequence[CheckedStep]]:
    """The steps of each probe, in the order in which they were over."""
    roles = {probe.probe: probe.role for probe in trial.plan.probes}
    steps: dict[str, list[CheckedStep]] = {probe: [] for probe in roles}
    for seen in trial.events:
        event = seen.event
        if event.kind != "step" or event.probe not in steps:
            continue
        part, number = str(event.data.get("part")), int(event.data.get("number") or 0)
        reason, picture = event.data.get("reason"), event.data.get("file")
        role = roles[event.probe]
        steps[event.probe].append(
            CheckedStep(
                event.probe,
                role,
                part,
                number,
                event.message,
                float(event.data.get("took_s") or 0.0),
                None if reason is None else str(reason),
                None if picture is None else str(picture),
                seen.run_s,
                places.get((role, part, number)),
            )
        )
    return steps
