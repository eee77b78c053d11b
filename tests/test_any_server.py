"""A user's page in front of a media server that is no Kurento: checked, run, lost."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from farm.cli.__main__ import main
from tests.farm_process import farm
from tests.page_server import DRIVER, PageServer, page_server
from tests.unjudged import UNJUDGED

pytestmark = pytest.mark.live

PASSED, FAILED = 0, 1

CALLS = """
format: 1
scenario: one_to_one
app: {{url: {url}, driver: mine.yaml}}
server: {server}
media: {{size: 320x240, frame_rate: 10}}
trial: {{load: 2, settle: 2s, hold: 8s, window: 4s}}
"""
NOT_A_KURENTO = "media server: not a Kurento (server.kurento: null, "


@pytest.fixture
def page(tmp_path: Path) -> Iterator[PageServer]:
    (tmp_path / "mine.yaml").write_text(DRIVER)
    with page_server() as server:
        yield server


def test_what_the_doctor_calls_ok_is_tried_and_reported(
    tmp_path: Path, page: PageServer, capsys: pytest.CaptureFixture[str]
) -> None:
    calls = (
        CALLS.format(url=page.url, server=f"{{local: true, process: {{port: {page.port}}}}}")
        + UNJUDGED
    )
    file = tmp_path / "experiment.yaml"
    file.write_text(calls)
    assert main(["doctor", str(file)]) == PASSED
    findings = capsys.readouterr().out
    for line in (
        f"ok      {NOT_A_KURENTO}",
        f"media server's process: the process that listens on TCP port {page.port}, pid "
        f"{page.process.pid} (python",
        f"app: {page.url}call.html?calls=1 answers",
    ):
        assert line in findings, findings

    with farm(tmp_path, "run", experiment=calls) as run:
        assert run.wait() == PASSED, run.read_output()
        assert NOT_A_KURENTO in run.read_output()
        assert run.children("embedded") == []
        report = (run.run / "report/index.html").read_text()
        result = run.result()
        trial = next(run.run.glob("trials/*"))
        assert main(["report", str(run.run), "--rows", "kurento"]) == PASSED
        assert capsys.readouterr() == ("", "farm: trial 0 has no rows of kurento\n")
    assert result["kurento"] is None
    assert result["server_process_cpu_percent"] is not None
    assert not (trial / "kurento").exists()
    assert "not a Kurento; its kind is unknown to the farm (its process runs python" in report
    assert "Pipelines and elements: unknown, the server is not a Kurento." in report


async def test_a_server_that_nobody_samples_has_no_cpu_and_an_answer(
    tmp_path: Path, page: PageServer
) -> None:
    calls = CALLS.format(url=page.url, server="{}") + UNJUDGED
    with farm(tmp_path, "run", experiment=calls) as run:
        assert await asyncio.to_thread(run.wait) == PASSED, run.read_output()
        assert "the server's CPU stays unknown" in run.read_output()
        report = (run.run / "report/index.html").read_text()
        (trial,) = run.summary()["trials"]
        manifest = json.loads((run.run / "manifest.json").read_text())
    assert trial["server_cpu_percent"] is None
    assert "The server&#39;s CPU is unknown" in report
    assert manifest["settings"]["server"]["kurento"] is None


def test_a_server_whose_process_ends_has_died(tmp_path: Path, page: PageServer) -> None:
    with subprocess.Popen(["sleep", "600"]) as server:
        try:
            where = f"{{kurento: null, local: true, process: {{pid: {server.pid}}}}}"
            calls = CALLS.replace("hold: 8s", "hold: 1m")
            calls = calls.format(url=page.url, server=where) + UNJUDGED
            with farm(tmp_path, "run", experiment=calls) as run:
                run.until_phase("hold")
                server.kill()
                server.wait()
                assert run.wait() == FAILED, run.read_output()
                (reason,) = run.result()["verdict"]["reasons"]
        finally:
            server.kill()
    assert reason["code"] == "server_died"
    assert reason["message"] == (
        f"the media server is gone: its process, pid {server.pid}, has ended"
    )
