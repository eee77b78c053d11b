"""The user's command that gives probes values such as tokens (`app.exec`), run before each trial.

It runs on the controller, once for a trial. A line of JSON for each probe comes to its standard
input, with what is known of it; it prints a line for each, in that order. With `per: session` there
is a line for each session, with `per: trial` it prints one answer, which may have several lines.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from farm.errors import BadInput, FarmError, GeneratorError
from farm.model.durations import format_duration
from farm.model.json_values import from_text
from farm.model.mask import Mask
from farm.model.page_opening import PageOpening
from farm.model.page_settings import ExecSettings
from farm.model.trial_plan import TrialPlan
from farm.model.wording import counted
from farm.processes import Processes

SETTING = "app.exec"
MOST_BYTES = 4 * 2**20
LONGEST_COMPLAINT = 200


class ExecCommand:
    """Runs the command for one trial after another.

    Nothing of it is left running. Until it has worked once a failure is the user's (BadInput), from
    then on one of the load generator (GeneratorError): the trial is invalid.
    """

    def __init__(self, settings: ExecSettings, processes: Processes) -> None:
        self._settings = settings
        self._processes = processes
        self._has_worked = False

    async def values(
        self, plan: TrialPlan, opening: PageOpening
    ) -> Mapping[str, Mapping[str, str]]:
        """The values of each probe, by variable. `opening` has what is known of them already."""
        mask = Mask(opening.secrets())
        try:
            values = await self._asked(plan, opening, mask)
        except FarmError as error:
            kind = GeneratorError if self._has_worked else BadInput
            raise kind(f"{SETTING}: {self._settings.command}: {mask(str(error))}") from error
        self._has_worked = True
        return values

    async def _asked(
        self, plan: TrialPlan, opening: PageOpening, mask: Mask
    ) -> Mapping[str, Mapping[str, str]]:
        told, owners = _questions(self._settings.per, plan, opening)
        try:
            status, output, errors = await self._run(told)
        except TimeoutError as error:
            late = f"not within {format_duration(self._settings.within_s)} ({SETTING}.within)"
            raise FarmError(late) from error
        if status != 0:
            last = mask(errors.strip().rpartition("\n")[2])[:LONGEST_COMPLAINT]
            raise FarmError(f"it ended with status {status}{f': {last}' if last else ''}")
        if len(output) > MOST_BYTES:
            raise FarmError(f"it printed more than {MOST_BYTES // 2**20} MiB")
        answers = _answers(output, self._settings, len(owners))
        return {
            probe: answer
            for probes, answer in zip(owners, answers, strict=True)
            for probe in probes
        }

    async def _run(self, told: str) -> tuple[int, str, str]:
        folder = self._settings.directory or Path()
        script = f'cd -- "$1" || exit; {self._settings.command}'
        shell: list[str | Path] = ["/bin/sh", "-c", script, "sh", folder.absolute()]
        pipes = await self._processes.connect("app-exec", shell)
        reading = [asyncio.create_task(_read(each)) for each in (pipes.stdout, pipes.stderr)]
        writing = asyncio.create_task(_write(pipes.stdin, told))
        try:
            async with asyncio.timeout(self._settings.within_s):
                status = await pipes.child.died()
        finally:
            await pipes.child.stop()  # also what it started, so that its output ends
            writing.cancel()
            await asyncio.wait({*reading, writing})
        output, errors = (task.result() for task in reading)
        return status, output, errors


def _questions(
    per: str, plan: TrialPlan, opening: PageOpening
) -> tuple[str, Sequence[Sequence[str]]]:
    """What comes to its standard input, and for which probes each of its answers is."""
    probes = [
        {
            "probe": probe.probe,
            "session": probe.session,
            "role": probe.role,
            "index": int(probe.variables["index"]),
            **opening.own.get(probe.probe, {}),
        }
        for probe in plan.probes
    ]
    lines: list[Any] = probes
    owners = [[probe.probe] for probe in plan.probes]
    if per == "session":
        owners = [[probe.probe for probe in session.probes] for session in plan.sessions]
        lines = [
            {"session": session.session, "probes": names}
            for session, names in zip(plan.sessions, owners, strict=True)
        ]
    elif per == "trial":
        owners = [[probe.probe for probe in plan.probes]]
    return "".join(f"{json.dumps(line)}\n" for line in lines), owners


def _answers(output: str, settings: ExecSettings, count: int) -> list[Mapping[str, str]]:
    """Its answers, each with every variable. Raises FarmError; no message has a value."""
    lines = [line for line in output.splitlines() if line.strip()]
    if settings.per == "trial":
        lines = [output]
    if len(lines) != count:
        raise FarmError(
            f"it printed {counted(len(lines), 'line')}: expected {count}, "
            f"one for each {settings.per}"
        )
    return [_answer(line, settings, at) for at, line in enumerate(lines, start=1)]


def _answer(line: str, settings: ExecSettings, at: int) -> Mapping[str, str]:
    where = "its answer" if settings.per == "trial" else f"line {at} of its answer"
    if not line.lstrip().startswith("{") and len(settings.gives) == 1:
        if not line.strip():
            raise FarmError(f"{where} is empty")
        return {settings.gives[0]: line.strip()}
    try:
        given = from_text(line)
    except ValueError:
        given = None
    if not isinstance(given, dict):
        shape = json.dumps(dict.fromkeys(settings.gives, "..."))
        raise FarmError(f"{where} is no JSON object: expected {shape}")
    values = {}
    for name in settings.gives:
        value = given.get(name)
        if isinstance(value, bool) or not isinstance(value, str | int | float) or value == "":
            raise FarmError(f"{where} has no {name} that is a text or a number")
        values[name] = str(value)
    return values


async def _read(stream: asyncio.StreamReader) -> str:
    """Its text; of more than `MOST_BYTES` the first so many, and a few."""
    data = b""
    while piece := await stream.read(2**16):
        data += piece if len(data) <= MOST_BYTES else b""
    return data.decode(errors="replace")


async def _write(stream: asyncio.StreamWriter, text: str) -> None:
    """It need not read what it is told."""
    try:
        stream.write(text.encode())
        await stream.drain()
        stream.close()
        await stream.wait_closed()
    except (BrokenPipeError, ConnectionResetError):
        pass
