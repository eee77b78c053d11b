"""The server's part of cloud-init, run here; for systemd and Docker scripts stand in.

`docker run` of the stand-in starts the embedded media server with the addresses that the container
was given; `systemctl` starts what the unit says. Scripts, units, and the reset over SSH are real.
"""

from __future__ import annotations

import asyncio
import os
import re
import shlex
import signal
import sys
import urllib.request
from collections.abc import AsyncIterator
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from farm.bench.media_server import answers
from farm.cli.machines_ready import copied
from farm.model.run_clock import RunClock
from farm.model.server_settings import ProcessSettings, ResetSettings, ServerSettings
from farm.processes import Processes, json_line
from farm.server import MeasuredServer
from farm.ssh import SshShell
from infra.farm_wheel import pack
from infra.local_sshd import local_sshd

pytestmark = pytest.mark.live

SERVER = Path(__file__).parents[3] / "infra/aws/cloud_init/server.yaml"
KURENTO = "ws://127.0.0.1:8888/kurento"

DOCKER = """\
#!/bin/sh
# Stands in for `docker run`.
echo "$@" >>{root}/docker.called
for word in "$@"; do
    case $word in KMS_EXTERNAL_IPV4=*) address=${{word#*=}} ;; esac
done
exec {python} -P -m infra.embedded_kurento --port 8888 --address "$address"
"""
SYSTEMCTL = """\
#!/bin/sh
# Stands in for `systemctl restart kurento.service`.
[ "$1 $2" = "restart kurento.service" ] || exit 64
if [ -e {root}/kurento.pid ]; then
    old=$(cat {root}/kurento.pid)
    kill "$old"
    while kill -0 "$old" 2>/dev/null; do sleep 0.1; done
fi
export PROBE_FARM_SETTINGS={root}/etc/probe-farm/settings
setsid {root}{start} </dev/null >>{root}/log 2>&1 &
echo $! >{root}/kurento.pid
"""


class Machine:
    """The files of `server.yaml` below a folder, and what stands in for systemd and Docker."""

    def __init__(self, root: Path) -> None:
        self.root = root
        for file in yaml.safe_load(SERVER.read_text())["write_files"]:
            path = self._below(file["path"])
            path.write_text(file["content"])
            path.chmod(int(file.get("permissions", "0644"), 8))
        settings = root / "etc/probe-farm/settings"
        settings.write_text(
            settings.read_text().replace("EXTERNAL_IPV4=auto", "EXTERNAL_IPV4=127.0.0.1")
        )
        names = {"root": root, "python": sys.executable, "start": self.starts("kurento")}
        for name, text in (("docker", DOCKER), ("systemctl", SYSTEMCTL)):
            program = self._below(f"/bin/{name}")
            program.write_text(text.format(**names))
            program.chmod(0o755)

    def starts(self, unit: str) -> str:
        text = (self.root / f"etc/systemd/system/{unit}.service").read_text()
        found = re.search(r"^ExecStart=(.*)$", text, re.MULTILINE)
        assert found is not None
        return found[1]

    @property
    def reset(self) -> str:
        path = f"{self.root}/bin:{os.environ['PATH']}"
        return f"env PATH={shlex.quote(path)} {self.root}/usr/local/sbin/reset-server"

    def end(self) -> None:
        with suppress(OSError, ValueError):
            os.kill(int((self.root / "kurento.pid").read_text()), signal.SIGTERM)

    def _below(self, path: str) -> Path:
        found = self.root / path.lstrip("/")
        found.parent.mkdir(parents=True, exist_ok=True)
        return found


@pytest.fixture
async def processes(tmp_path: Path) -> AsyncIterator[Processes]:
    async with Processes(tmp_path / "logs") as processes:
        yield processes


async def test_services_and_reset_over_ssh(tmp_path: Path, processes: Processes) -> None:
    machine = Machine(tmp_path / "machine")
    try:
        status, _, complaint = await processes.run(["sh", "-c", machine.reset], within_s=60)
        assert status == 0, complaint
        await _until_it_answers()
        called = (machine.root / "docker.called").read_text()
        assert "--network host" in called
        assert "KMS_EXTERNAL_IPV4=127.0.0.1" in called
        assert called.strip().endswith("kurento/kurento-media-server:7.3.0")

        words = shlex.split(machine.starts("demo-app"))
        assert words[0] == "/opt/probe-farm/venv/bin/python"
        await processes.start("demo-app", [sys.executable, *words[1:]], ready=json_line)
        assert "<html" in await asyncio.to_thread(_page)

        async with local_sshd(processes) as sshd:
            settings = ServerSettings(
                kurento=KURENTO,
                ssh=sshd.ssh,
                process=ProcessSettings(name=None, port=8888),
                reset=ResetSettings(command=machine.reset, ready_within_s=60),
            )
            server = MeasuredServer(
                SshShell(sshd.ssh), settings, RunClock(), lambda: answers(KURENTO)
            )
            before = await server.open()
            report = await server.reset(None)
            after = await server.open()
            await server.close()
            await _the_farm_is_brought(SshShell(sshd.ssh), tmp_path)
        assert report.done, report
        assert after.pid != before.pid
        assert "<html" in await asyncio.to_thread(_page)
    finally:
        machine.end()


async def _the_farm_is_brought(shell: SshShell, folder: Path) -> None:
    wheel = pack(folder)
    await shell.open()
    there = Path(await copied(shell, wheel))
    try:
        assert there.read_bytes() == wheel.read_bytes()
    finally:
        there.unlink()
        await shell.close()


async def _until_it_answers() -> None:
    async with asyncio.timeout(60):
        while not await answers(KURENTO):
            await asyncio.sleep(0.2)


def _page() -> str:
    with urllib.request.urlopen("http://127.0.0.1:8443/", timeout=30) as answer:
        return str(answer.read().decode())


def test_the_demo_app_listens_where_the_security_group_is_open(tmp_path: Path) -> None:
    from infra.aws.resources import APP_PORT, KURENTO_PORT

    words = shlex.split(Machine(tmp_path).starts("demo-app"))
    assert words[words.index("--port") + 1] == str(APP_PORT)
    assert words[words.index("--host") + 1] == "0.0.0.0"
    assert f":{KURENTO_PORT}/" in words[words.index("--kurento") + 1]
