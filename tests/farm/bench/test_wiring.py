"""What a run starts of its own is reached whatever the user's files say."""

from __future__ import annotations

from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from farm.bench.wiring import _with_embedded
from farm.model.experiment import Experiment
from farm.model.server_settings import EMBEDDED, ServerSettings
from farm.processes import Processes
from farm.testing import FakeObserver

pytestmark = pytest.mark.live


@pytest.mark.parametrize(
    "text",
    [
        "Host *\n Prot 22\n",
        "Host *\n HostKeyAlgorithms ecdsa-sha2-nistp256\n",
        "Host *\n AddressFamily inet6\n",
        "Host *\n RevokedHostKeys {home}/no such file\n",
        "Host *\n ProxyJump nowhere.invalid\n",
    ],
)
async def test_the_embedded_server_is_reached_whatever_ssh_s_configuration_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str
) -> None:
    (tmp_path / ".ssh").mkdir()
    (tmp_path / ".ssh" / "config").write_text(text.format(home=tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    experiment = Experiment(server=ServerSettings(kurento=EMBEDDED))
    async with AsyncExitStack() as stack:
        processes = await stack.enter_async_context(Processes(tmp_path / "logs"))
        embedded, shell = await _with_embedded(
            experiment, processes, stack, FakeObserver(), "127.0.0.1"
        )
        assert embedded.server.ssh is not None
        stack.push_async_callback(shell.close)
        await shell.open()
        assert (await shell.run("echo here", 20, "test")).stdout == "here\n"
