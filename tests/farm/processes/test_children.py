"""Children start, say that they are ready, and never outlive us, whatever our own end is."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import psutil
import pytest

from farm.errors import MissingTool, ProcessError
from farm.processes import Processes, json_line, matches
from tests.open_files import open_files

READY_THEN_SLEEP = """
import json, os, sys, time
print("warming up", file=sys.stderr, flush=True)
print(json.dumps({"port": 4711, "pid": os.getpid()}), flush=True)
time.sleep(60)
"""

DEAF = """
import json, signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print(json.dumps({}), flush=True)
time.sleep(60)
"""

RUNAWAY = """
import json, subprocess, sys, time
sleeper = [sys.executable, "-c", "import time; time.sleep(60)"]
child = subprocess.Popen(sleeper, start_new_session=True)
print(json.dumps({"runaway": child.pid}), flush=True)
time.sleep(60)
"""

# A grandchild in a session of its own that has wiped the environment it was born with.
ESTRANGED = RUNAWAY.replace("start_new_session=True", "start_new_session=True, env={}")

CONTROLLER = """
import asyncio, json, sys
from pathlib import Path
from farm.processes import Processes, json_line

async def main():
    async with Processes(Path(sys.argv[1])) as processes:
        child = await processes.start("child", [sys.executable, "-c", sys.argv[2]], ready=json_line)
        directory = processes.temporary_directory("farm-test-")
        (directory / "profile").write_text("x")
        pids = [child.pid, *child.ready.values()]
        print(json.dumps({"pids": pids, "directory": str(directory)}), flush=True)
        await asyncio.sleep(60)

asyncio.run(main())
"""


def python(script: str) -> list[str]:
    return [sys.executable, "-c", script]


def running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def cmdline(process: psutil.Process) -> list[str]:
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def gone(*pids: int, within_s: float = 60.0) -> bool:
    deadline = time.monotonic() + within_s
    while any(running(pid) for pid in pids) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not any(running(pid) for pid in pids)


@pytest.fixture
async def processes(tmp_path: Path) -> AsyncIterator[Processes]:
    async with Processes(tmp_path / "logs") as processes:
        yield processes


async def test_a_child_says_that_it_is_ready_and_its_output_is_kept(processes: Processes) -> None:
    child = await processes.start("app", python(READY_THEN_SLEEP), ready=json_line)
    assert child.ready == {"port": 4711, "pid": child.pid}
    assert child.alive
    assert child.log.name == "app.log"
    assert child.log.read_text().startswith("warming up\n{")


async def test_a_ready_line_may_be_a_pattern_on_standard_error(processes: Processes) -> None:
    script = (
        "import sys, time; print('DevTools listening on ws://127.0.0.1:9/x', file=sys.stderr);"
        "time.sleep(60)"
    )
    child = await processes.start(
        "browser", python(script), ready=matches(r"listening on (ws://\S+)")
    )
    assert child.ready[1] == "ws://127.0.0.1:9/x"


async def test_an_old_ready_line_of_the_same_name_does_not_count(processes: Processes) -> None:
    first = await processes.start("app", python(READY_THEN_SLEEP), ready=json_line)
    await first.stop()
    second = await processes.start("app", python(READY_THEN_SLEEP), ready=json_line)
    assert second.ready["pid"] == second.pid != first.pid


async def test_a_child_that_dies_before_it_is_ready_is_quoted(processes: Processes) -> None:
    script = "import sys; sys.exit('port 8888 is in use')"
    with pytest.raises(ProcessError) as caught:
        await processes.start("app", python(script), ready=json_line)
    assert str(caught.value).startswith("app ended with status 1 before it was ready: port 8888")
    assert "app.log" in str(caught.value)
    assert "\n" not in str(caught.value)


async def test_a_child_that_the_kernel_does_not_start_is_an_error_of_ours(
    processes: Processes,
) -> None:
    """As when there are no more processes or descriptors to be had."""
    too_much = {"TOO_MUCH": "x" * (1 << 20)}
    with pytest.raises(ProcessError, match="app cannot be started: Argument list too long"):
        await processes.start("app", python(READY_THEN_SLEEP), ready=json_line, env=too_much)


async def test_a_command_that_the_kernel_does_not_run_is_an_error_of_ours(
    processes: Processes,
) -> None:
    with pytest.raises(ProcessError, match="sh cannot be started: Argument list too long"):
        await processes.run(["sh", "-c", "x" * (1 << 20)], 5)


async def test_a_child_that_is_not_ready_in_time_is_ended_and_the_setting_named(
    processes: Processes, tmp_path: Path
) -> None:
    script = f"echo $$ > '{tmp_path}/pid'; exec sleep 60"
    with pytest.raises(ProcessError, match=r"app was not ready within 1 s \(app.ready_within\)"):
        await processes.start(
            "app",
            ["sh", "-c", script],
            ready=json_line,
            ready_within_s=1,
            setting="app.ready_within",
        )
    assert gone(int((tmp_path / "pid").read_text()))


async def test_a_program_that_is_not_there_is_named(processes: Processes) -> None:
    with pytest.raises(MissingTool, match="no-such-program is not on this machine"):
        await processes.start("app", ["no-such-program"])


async def test_a_death_is_noticed_with_its_status(processes: Processes) -> None:
    child = await processes.start("app", python(READY_THEN_SLEEP), ready=json_line)
    os.kill(child.pid, signal.SIGKILL)
    assert await asyncio.wait_for(child.died(), 60) == -signal.SIGKILL
    assert not child.alive
    await child.stop()


async def test_the_environment_and_the_cores_are_the_child_s_from_the_start(
    processes: Processes,
) -> None:
    core = min(os.sched_getaffinity(0))
    script = (
        "import json, os, time; print(json.dumps({'cores': list(os.sched_getaffinity(0)),"
        "'answer': os.environ['ANSWER']}), flush=True); time.sleep(60)"
    )
    child = await processes.start(
        "app", python(script), ready=json_line, cores=[core], env={"ANSWER": "42"}
    )
    assert child.ready == {"cores": [core], "answer": "42"}


async def test_a_deaf_child_is_killed(processes: Processes) -> None:
    child = await processes.start("app", python(DEAF), ready=json_line)
    await child.stop(within_s=0.1)
    assert not running(child.pid)
    assert await child.died() == -signal.SIGKILL


@pytest.mark.parametrize("script", [RUNAWAY, ESTRANGED], ids=["runaway", "estranged"])
async def test_what_left_the_child_s_session_is_ended_too(
    processes: Processes, script: str
) -> None:
    child = await processes.start("app", python(script), ready=json_line)
    assert running(child.ready["runaway"])
    await child.stop()
    assert gone(child.pid, child.ready["runaway"])


async def test_nothing_is_left_after_an_exception(tmp_path: Path) -> None:
    class Mishapp(Exception):
        pass

    pids: list[int] = []
    directory = tmp_path
    with pytest.raises(Mishapp):
        async with Processes(tmp_path / "logs") as processes:
            child = await processes.start("app", python(RUNAWAY), ready=json_line)
            pids = [child.pid, child.ready["runaway"]]
            directory = processes.temporary_directory("farm-test-")
            raise Mishapp
    assert gone(*pids)
    assert not directory.exists()


async def test_nothing_is_left_after_a_cancel(tmp_path: Path) -> None:
    pids: list[int] = []

    async def work() -> None:
        async with Processes(tmp_path / "logs") as processes:
            child = await processes.start("app", python(READY_THEN_SLEEP), ready=json_line)
            pids.append(child.pid)
            await asyncio.sleep(60)

    task = asyncio.create_task(work())
    while not pids:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert gone(*pids)


async def test_a_start_that_is_cancelled_leaves_nothing(
    processes: Processes, tmp_path: Path
) -> None:
    script = f"import os, time; open({str(tmp_path / 'pid')!r}, 'w').write(str(os.getpid())); "
    start = asyncio.create_task(
        processes.start("app", python(script + "time.sleep(60)"), ready=json_line)
    )
    while not (tmp_path / "pid").exists() or not (tmp_path / "pid").read_text():
        await asyncio.sleep(0.01)
    start.cancel()
    with pytest.raises(asyncio.CancelledError):
        await start
    assert gone(int((tmp_path / "pid").read_text()))


async def test_close_may_be_called_again_and_ends_all_starting(tmp_path: Path) -> None:
    processes = Processes(tmp_path / "logs")
    await processes.open()
    await processes.close()
    await processes.close()
    with pytest.raises(ProcessError, match="closed"):
        await processes.start("app", python(READY_THEN_SLEEP))


CHROMIUM = """
import json, os, subprocess, sys, tempfile, time
from farm.browser.chromium_program import find_chromium
profile = tempfile.mkdtemp(dir=os.environ["PROFILES"])
flags = ["--headless", "--no-sandbox", "--remote-debugging-port=0", f"--user-data-dir={profile}"]
browser = subprocess.Popen([find_chromium(None), *flags], stderr=subprocess.PIPE, text=True)
while "DevTools listening" not in browser.stderr.readline():
    pass
print(json.dumps({"pid": browser.pid}), flush=True)
browser.wait()
"""


def controller(tmp_path: Path, child: str) -> tuple[subprocess.Popen[str], list[int], Path]:
    process = subprocess.Popen(
        [sys.executable, "-P", "-c", CONTROLLER, str(tmp_path / "logs"), child],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        start_new_session=True,
    )
    assert process.stdout is not None
    said = json.loads(process.stdout.readline())
    return process, said["pids"], Path(said["directory"])


@pytest.mark.parametrize("child", [RUNAWAY, DEAF], ids=["runaway", "deaf"])
def test_nothing_is_left_when_the_controller_is_killed(tmp_path: Path, child: str) -> None:
    process, pids, directory = controller(tmp_path, child)
    assert directory.exists()
    process.kill()
    process.communicate()
    assert gone(*pids)
    deadline = time.monotonic() + 60
    while directory.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not directory.exists()


def processes_that_name(directory: Path, at_least: int, within_s: float = 60.0) -> list[int]:
    """Chromium says that it listens before all of its processes are there."""
    deadline = time.monotonic() + within_s
    while True:
        found = [p.pid for p in psutil.process_iter() if str(directory) in " ".join(cmdline(p))]
        if len(found) >= at_least or time.monotonic() > deadline:
            return found
        time.sleep(0.05)


@pytest.mark.live
def test_no_process_of_a_chromium_is_left_when_the_controller_is_killed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PROFILES", str(tmp_path))
    process, pids, _ = controller(tmp_path, CHROMIUM)
    pids += [child.pid for child in psutil.Process(process.pid).children(recursive=True)]
    of_profile = processes_that_name(tmp_path, at_least=5)
    assert len(of_profile) >= 5
    process.kill()
    process.communicate()
    assert gone(*pids, *of_profile)


def test_ctrl_c_reaches_only_the_controller_which_then_ends_its_children(tmp_path: Path) -> None:
    said_last = READY_THEN_SLEEP.replace(
        "time.sleep(60)",
        "\ntry:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    print('Ctrl-C', flush=True)",
    )
    process, pids, directory = controller(tmp_path, said_last)
    os.killpg(process.pid, signal.SIGINT)
    process.communicate(timeout=120)
    assert gone(*pids)
    assert not directory.exists()
    assert "Ctrl-C" not in (tmp_path / "logs" / "child.log").read_text()


async def test_a_guardian_that_cannot_be_started_leaves_nothing_open(tmp_path: Path) -> None:
    (tmp_path / "guardian.log").mkdir()
    before = open_files()
    with pytest.raises(IsADirectoryError) as caught:
        await Processes(tmp_path).open()
    assert open_files() == before, caught
