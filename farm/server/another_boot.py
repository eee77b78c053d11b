"""Restarts the server's machine and waits until its new boot answers."""

from __future__ import annotations

from contextlib import suppress

from farm.errors import AnswerCut, CloudError, ServerError, ServerUnreachable
from farm.protocols import Clock, Restart
from farm.server.process_list import BOOT_ID
from farm.server.shell import Shell

READ_BOOT_ID = f"cat {BOOT_ID}"
WITHIN_S = 20.0
RETRY_S = 2.0


async def another_boot(shell: Shell, restart: Restart, clock: Clock, within_s: float) -> str | None:
    """Restart the machine and connect again; return why that failed, `None` if it worked.

    The shell is open before and, after a restart, open again.
    """
    end_s = clock.run_s() + within_s
    try:
        before = await _boot(shell)
        await restart()
    except (AnswerCut, CloudError) as error:
        return str(error)
    why: object = "it did not stop"
    while clock.run_s() < end_s:
        await clock.sleep_until(clock.run_s() + RETRY_S)
        await shell.close()
        try:
            await shell.open()
            now = await _boot(shell)
        except ServerError as error:
            why = error
            continue
        if now != before:
            return None
    await shell.close()
    with suppress(ServerUnreachable):
        await shell.open()
    return f"the machine was not restarted within {within_s:g} s (server.reset.ready_within): {why}"


async def _boot(shell: Shell) -> str:
    """The id of the machine's boot. Raises ServerError if it cannot be read."""
    answer = await shell.run(READ_BOOT_ID, WITHIN_S, "reading its boot id")
    if not answer.stdout.strip() or answer.status != 0:
        raise AnswerCut(f"`{READ_BOOT_ID}` does not say which boot it is ({answer.complaint})")
    return answer.stdout
