"""The recordings of a trial's calls: their directory is prepared before it, checked after it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from farm.analysis.recorded_calls import (
    checked_recordings,
    owed_recordings,
    projected_recordings_bytes,
)
from farm.errors import GeneratorError, ServerError, ServerLost, ServerUnreachable
from farm.model.trial_evidence import Fault, FaultKind
from farm.model.trial_plan import TrialPlan
from farm.model.wording import counted
from farm.protocols import Clock, Observer, Recorder, Recordings

COMPLETE_WITHIN_S = 10.0
"""Time after the last page left: a media server finishes many files one after the other."""
LOOK_EVERY_S = 1.0


class RecordingsCheck:
    """Checks the recordings of one trial; does nothing if its plan records nothing.

    `recordings` is `None` without access to the server's machine: then nothing is known of them,
    which is noted and fails nobody.
    """

    def __init__(
        self,
        plan: TrialPlan,
        recordings: Recordings | None,
        clock: Clock,
        observer: Observer,
        recorder: Recorder,
    ) -> None:
        self._plan = plan
        self._records = any(probe.recorded_as is not None for probe in plan.probes)
        self._recordings = recordings
        self._clock = clock
        self._observer = observer
        self._recorder = recorder
        self._not_ready: str | None = None

    async def ready(self, lasts_s: float) -> None:
        """Prepare the directory for calls of at most that length; too little space is noted.

        Without an answer the recordings stay unknown: files of another trial may be there. Raises
        BadInput if the server has no such directory, ServerError without a server.
        """
        if not self._records or self._recordings is None:
            return
        try:
            free = await self._recordings.ready()
        except (ServerUnreachable, ServerLost):
            raise
        except ServerError as error:
            self._not_ready = str(error)
            return
        needed = projected_recordings_bytes(self._plan, lasts_s)
        if free is None:
            self._observer.note(
                f"trial {self._plan.index}: how much room the server has for its recordings is not"
                " known (server.recordings.directory)"
            )
        elif needed > free:
            self._observer.note(
                f"trial {self._plan.index}: its recordings may take {needed / 1e6:.0f} MB, the "
                f"server has {free / 1e6:.0f} MB free (server.recordings.directory)"
            )

    async def check(self, lasted_s: Mapping[str, float]) -> None:
        """Check the files of the sessions in `lasted_s`, which have ended.

        What is wrong is recorded as a fault of its session; then the files are moved or deleted.
        """
        if not self._records:
            return
        if self._recordings is None:
            self.unknown("there is no access to the server's machine")
            return
        if self._not_ready is not None:
            self.unknown(self._not_ready)
            return
        try:
            await self._look(self._recordings, lasted_s)
            await self._recordings.put_away(self._plan.folder)
        except (ServerError, GeneratorError) as error:
            self.unknown(str(error))

    def unknown(self, why: str) -> None:
        """Record that the recordings could not be checked."""
        if self._records:
            self._record_fault("recordings_unknown", f"recordings were not checked: {why}", None)

    async def _look(self, recordings: Recordings, lasted_s: Mapping[str, float]) -> None:
        owed = owed_recordings(self._plan, lasted_s)
        give_up_s = self._clock.run_s() + COMPLETE_WITHIN_S
        while True:
            seen = await recordings.look([one.name for one in owed])
            checked = checked_recordings(owed, seen)
            broken = [one.name for one, file in zip(owed, seen, strict=True) if file.unknown]
            if not (checked.faults or broken) or self._clock.run_s() >= give_up_s:
                break
            await self._clock.sleep_until(self._clock.run_s() + LOOK_EVERY_S)
        for session, wrong in checked.faults.items():
            self._record_fault("recording_missing", wrong, session)
        if broken:
            why = next(file.unknown for file in seen if file.unknown)
            self.unknown(f"of {_first_names(broken)} nothing is known: {why}")
        if hidden := [name for name in checked.unknown if name not in broken]:
            self.unknown(f"tracks or length of {_first_names(hidden)} cannot be read on the server")
        if checked.whole:
            whole = counted(checked.whole, "recording")
            self._observer.note(f"trial {self._plan.index}: {whole} checked: whole")

    def _record_fault(self, what: FaultKind, message: str, session: str | None) -> None:
        self._recorder.fault(Fault(what, self._clock.run_s(), message, session=session))
        of = f"{session}: " if session else ""
        self._observer.note(f"trial {self._plan.index}: {of}{message}")


def _first_names(names: Sequence[str]) -> str:
    return ", ".join(names[:3]) + (", ..." if len(names) > 3 else "")
