"""What bad input gets: one line with its place, exit 2, nothing started, no folder left behind."""

from __future__ import annotations

import asyncio
import os
import platform
import re
import socket
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from aiohttp import web

from farm.bench.recorded_run import WATCH
from farm.cli.__main__ import main
from farm.experiment_file import load_experiment
from farm.model.experiment import Experiment
from farm.model.run_clock import RunClock
from farm.model.server_settings import Ssh
from farm.recording import RunRecording
from farm.recording.manifest import Manifest
from tests.farm_process import farm
from tests.sshd import running_sshd
from tests.stand_in_kurento import Answer, serving, stand_in_kurento

BAD_INPUT = 2
NOBODY = "ws://127.0.0.1:1/kurento"
"""Nothing listens there."""

Says = Callable[..., str]


@pytest.fixture
def says(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Says:
    """The one line with which `farm WORDS` refuses, in a directory with these files."""

    def refusal(*words: str, **files: str) -> str:
        monkeypatch.chdir(tmp_path)
        for name, text in files.items():
            Path(f"{name}.yaml").write_text(text)
        before = sorted(path for path in tmp_path.rglob("*") if path.name != "runs")
        try:
            code: object = main(words)
        except SystemExit as end:
            code = end.code
        complaint = capfd.readouterr().err
        assert code == BAD_INPUT, complaint
        assert sorted(path for path in tmp_path.rglob("*") if path.name != "runs") == before
        assert complaint.endswith("\n")
        assert complaint.count("\n") == 1, complaint
        return complaint.rstrip("\n")

    return refusal


# ---------------------------------------------------------------- the command line


@pytest.mark.parametrize(
    ("words", "line"),
    [
        ("", "farm: the following arguments are required: VERB"),
        ("rum calls.yaml", "farm: .*invalid choice: 'rum' .*: did you mean run[?]"),
        ("--nonsense", "farm: the following arguments are required: VERB"),
        (
            "run calls.yaml --lod 4",
            "farm run: unrecognized arguments: --lod 4: did you mean --load",
        ),
        ("run calls.yaml --load two", "farm run: argument --load: invalid int value: 'two'"),
        (
            "run calls.yaml --load 3",
            "farm: --load: load 3 is not a whole number of calls .* 2 or 4",
        ),
        (
            "run calls.yaml --load 0",
            "farm: --load: load 0 is not a whole number of calls of 2: use 2",
        ),
        ("run calls.yaml --load -2", "farm: --load: load -2 .*: use 2"),
        ("run", "farm run: the following arguments are required: experiment"),
        ("run gone.yaml", "farm: gone.yaml: cannot be read: No such file or directory"),
        ("run .", "farm: [.]: cannot be read: Is a directory"),
        ("run /proc/self/mem", "farm: /proc/self/mem: cannot be read: Input/output error"),
        (
            "run /dev/null",
            "farm: /dev/null: cannot be read: expected a file, not a pipe",
        ),
        ("size gone.yaml", "farm: gone.yaml: cannot be read: No such file or directory"),
        ("doctor gone.yaml", "farm: gone.yaml: cannot be read: No such file or directory"),
        ("run calls.yaml --chromium /gone", "farm: --chromium: /gone: not a program"),
        ("run calls.yaml --chromium /bin/false", "farm: --chromium: /bin/false does not start"),
        ("demo --chromium /gone", "farm: --chromium: /gone: not a program"),
        ("run calls.yaml --video gone.mp4", r"farm: --video: \S+/gone.mp4: there is no such file"),
        ("run calls.yaml --video calls.yaml", "farm: --video: .*not a clip that PyAV reads"),
        ("run calls.yaml --audio calls.yaml", "farm: --audio: .*not a clip that PyAV reads"),
        ("run calls.yaml --out calls.yaml", "farm: --out: calls.yaml: cannot make a run folder"),
        ("run calls.yaml --out calls.yaml/x", "farm: --out: calls.yaml/x: .*: Not a directory"),
        ("run calls.yaml --baseline .", "farm: --baseline: [.] is not a run folder"),
        ("run calls.yaml --baseline gone", "farm: --baseline: gone: there is no such folder"),
        ("run calls.yaml --baseline a --absolute", "farm run: .*not allowed with"),
        ("size calls.yaml --resume .", "farm size: .*not allowed with"),
        ("size --resume gone", "farm: --resume: gone: there is no such folder"),
        ("size --resume calls.yaml", "farm: --resume: calls.yaml is not a run folder"),
        ("size", "farm size: one of the arguments experiment --resume is required"),
        ("report gone", "farm: RUN: gone: there is no such folder"),
        ("report calls.yaml", "farm: RUN: calls.yaml is not a run folder"),
        ("init two_to_two", "farm init: .*invalid choice: 'two_to_two' .*one_to_one"),
        ("runs --prune nonsense", "farm runs: .*nonsense: expected an age such as 30d, 12h or 90m"),
        ("runs --prune 99999999999999d", "farm runs: .*expected 36500d or less"),
        ("runs --out calls.yaml", "farm: --out: calls.yaml: not a directory"),
        ("serve --port 99999", "farm: --port: 99999: expected 0 .* to 65535"),
        ("serve --kurento http://host/", "farm: --kurento: 'http://host/' is no WebSocket address"),
        (f"serve --kurento {NOBODY}", f"farm: --kurento: {NOBODY}: nothing answers there"),
    ],
)
def test_a_wrong_word_on_the_command_line(says: Says, words: str, line: str) -> None:
    reply = says(*words.split(), calls="scenario: one_to_one\n")
    assert re.match(line, reply), reply


# ---------------------------------------------------------------- the experiment


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", "1: nothing in it: `farm init one_to_one` prints one to start from"),
        ("a: [b", "1: not YAML: .*"),
        ("trial: " + "[" * 3000, "1: not YAML: nested more than 32 deep"),
        ("trial:\n  load: " + "9" * 5000, "2: trial.load: 9{20}...: larger than any number here"),
        ("criteria:\n  delivered: 1e999", "2: criteria.delivered: 1e999: larger than any .*"),
        (f"trial:\n  hold: {'9' * 400}h", "2: trial.hold: 9{20}...: expected 87600h or less"),
        ("trial:\n  hold: |\n    4m\n", "2: trial.hold: 4m: expected a duration such as .*"),
        ("media:\n  size: |\n    640x480\n", "2: media.size: 640x480: expected a size such as .*"),
        ('trial:\n  hold: "4\\nm"', "2: trial.hold: 4 m: expected a duration such as .*"),
        ('"tri\\nal": 1', "1: tri al: unknown key: .*"),
        ('output:\n  directory: "a\\0b"', "2: output.directory: U.0000 is not allowed"),
        ("\ufeffscenario: group\ntrial:\n  lod: 4", "3: trial.lod: unknown key: did you mean .*"),
        (
            "media:\n  video: ~nobody-there/a.mp4",
            "2: media.video: ~nobody-.*: .*no such home",
        ),
        ("inventory: ~nobody-there/i.yaml", "1: inventory: ~nobody-there/i.yaml: .*no such home"),
        (
            "server: {recordings: {directory: here}}",
            "1: server.recordings.directory: here: .*",
        ),
        ("trial:\n  lod: 4", "2: trial.lod: unknown key: did you mean load[?]"),
        ("trial:\n  hold: 4 minutes", "2: trial.hold: 4 minutes: expected a duration such as .*"),
        (
            "trial:\n  load: 3",
            "2: trial.load: load 3 is not a whole number of calls .*: use 2 or 4",
        ),
        ("media:\n  video: gone.mp4", "2: media.video: gone.mp4: no such file .*"),
        ("media:\n  size: 641x480", "2: media.size: 641x480: width and height must be even .*"),
        (
            "app:\n  driver: demo_group",
            "2: app.driver: demo_group: one_to_one needs a role callee.*",
        ),
        ("app:\n  driver: demo_one", "2: app.driver: demo_one: no such driver .*did you mean .*"),
        ("app:\n  driver: gone.yaml", "2: app.driver: gone.yaml: no such file .*"),
        (
            "app: {url: 'http://127.0.0.1:1/'}",
            "1: app.url: http://127.0.0.1:1/: nothing answers there .connection refused.",
        ),
        ("app: {run: demo, url: 'http://h/'}", "1: app.run: demo: expected null beside app.url.*"),
        (f"server: {{kurento: '{NOBODY}'}}", f"1: server.kurento: {NOBODY}: nothing answers .*"),
        (
            "server: {kurento: 'http://h/'}",
            "1: server.kurento: http://h/: expected embedded, or .*",
        ),
        (
            "hosts: [{cores: [99]}]",
            "1: hosts\\[0\\].cores: \\[99\\]: there is no core 99 here: .*all",
        ),
        ("server: {cores: [99]}", "1: server.cores: \\[99\\]: there is no core 99 here: .*all"),
        ("hosts: [{place: a}, {place: b}]", "1: hosts: 2 of them are here: expected one, .*"),
        ("server: {ssh: {to: a@b}}", "1: server.ssh: a@b: the embedded server runs on this .*"),
        (
            "server: {local: true, process: {port: 4443}}",
            "1: server.process: the process that listens on TCP port 4443: the embedded server's "
            "process is known: expected it left out, or .*",
        ),
        (
            "server: {local: true, reset: {command: restart}}",
            "1: server.reset.command: restart: the embedded server is reset by the farm: .*",
        ),
        ("server: {kurento: null}", "1: server.kurento: null: our demo app needs a Kurento: .*"),
        (
            f"server: {{kurento: '{NOBODY}', ssh: {{to: a@b, key: /gone}}}}",
            "1: server.ssh.key: /gone is not a file",
        ),
        (
            f"server: {{kurento: '{NOBODY}', ssh: {{to: 'a@b:c'}}}}",
            "1: server.ssh.to: 'a@b:c' is not user@host or user@host:port .*",
        ),
        ("probes: {chromium: /gone}", "1: probes.chromium: /gone: not a program.*"),
        ("output: {directory: calls.yaml}", r"1: output.directory: \S+/calls.yaml: cannot make .*"),
    ],
)
def test_a_wrong_setting(says: Says, text: str, line: str) -> None:
    reply = says("run", "calls.yaml", calls=text)
    assert re.fullmatch(f"farm: calls.yaml:{line}", reply), reply


def test_an_error_in_a_driver_has_the_drivers_place(says: Says) -> None:
    reply = says(
        *("run", "calls.yaml"),
        calls="app: {driver: mine.yaml}",
        mine="format: 1\nroles:\n  callee:\n    join: [goto: '{app_url}']\n    leav: []\n",
    )
    assert re.fullmatch(
        r"farm: \S*mine\.yaml:5: roles\.callee\.leav: unknown key: did you mean leave\?", reply
    )


def test_a_finished_run_is_not_resumed(says: Says, tmp_path: Path) -> None:
    clock = RunClock()
    manifest = Manifest(datetime.now(UTC).timestamp(), "one_to_one", Experiment())
    with RunRecording.create(tmp_path, "done", "", manifest, clock) as recording:
        recording.write_summary({"format": 1, "state": "converged"})
    said = says("size", "--resume", "done")
    assert said == "farm: --resume: done: that run is complete, nothing is left to do"


def test_a_run_whose_files_are_gone_says_which(
    says: Says, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "mine").mkdir()
    mine, file = tmp_path / "mine/driver.yaml", tmp_path / "mine/calls.yaml"
    mine.write_text("format: 1\nroles: {}\n")
    file.write_text("app: {driver: driver.yaml}\n")
    monkeypatch.chdir(tmp_path / "mine")
    manifest = Manifest(
        datetime.now(UTC).timestamp(), "one_to_one", load_experiment(Path(file.name))
    )
    with RunRecording.create(tmp_path, "cut", "", manifest, RunClock()):
        pass
    mine.unlink()
    reply = says("size", "--resume", "cut")
    assert reply.startswith(f"farm: app.driver: {mine}: no such driver or file")


@pytest.mark.parametrize("verb", ["size", "watch"])
def test_a_run_under_way_is_not_resumed(says: Says, tmp_path: Path, verb: str) -> None:
    clock = RunClock()
    manifest = Manifest(datetime.now(UTC).timestamp(), "one_to_one", Experiment())
    with RunRecording.create(tmp_path, "live", "", manifest, clock) as recording:
        if verb == "watch":
            recording.journal(WATCH, load=2)
        reply = says(verb, "--resume", "live")
    whose = rf"pid {os.getpid()} on {re.escape(platform.node())}, since [0-9T:Z-]{{20}}"
    assert re.fullmatch(rf"farm: --resume: live: another farm writes it: {whose}", reply)


def test_a_port_in_use_is_not_served_on(says: Says) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        port = str(other.getsockname()[1])
        assert says("serve", "--port", port) == (
            f"farm: --port: {port}: Address already in use: expected a free one, or 0 for any"
        )


# ---------------------------------------------------------------- servers that are something else


async def process_says(tmp_path: Path, experiment: str, *options: str) -> str:
    """The same for a process of its own, which leaves nothing running and no run."""
    with farm(tmp_path, "run", *options, experiment=experiment) as run:
        code = await asyncio.to_thread(run.wait)
        reply = run.read_output()
        assert code == BAD_INPUT, reply
        assert run.left() == []
        assert not run.runs.exists() or not any(run.runs.iterdir())
        assert "Traceback" not in reply
        last: str = reply.splitlines()[-1]
        return last.removeprefix(f"farm: {tmp_path / 'experiment.yaml'}")


async def a_page(_request: web.Request) -> web.Response:
    return web.Response(text="hello")


async def an_echo(request: web.Request) -> web.WebSocketResponse:
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_str(message.data)
    return socket


async def a_greeter(request: web.Request) -> web.WebSocketResponse:
    """Answers whatever it is asked as if it knew the protocol."""
    socket = web.WebSocketResponse()
    await socket.prepare(request)
    async for message in socket:
        await socket.send_json({"jsonrpc": "2.0", "id": message.json()["id"], "result": {}})
    return socket


@pytest.mark.live
@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        (a_page, "answered HTTP 200, no WebSocket"),
        (an_echo, "not a Kurento server|no answer within"),
        (a_greeter, "not a Kurento server"),
    ],
)
async def test_something_else_in_the_place_of_kurento(
    tmp_path: Path, answer: Answer, complaint: str
) -> None:
    async with serving(answer) as kurento:
        reply = await process_says(tmp_path, f"server: {{kurento: '{kurento}'}}")
    assert re.match(f":1: server.kurento: {kurento}: .*({complaint})", reply), reply


async def test_garbage_in_the_place_of_kurento(says: Says) -> None:
    async def greet(_reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"SSH-2.0-somebody\r\n")
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(greet, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        said = await asyncio.to_thread(says, "serve", "--kurento", f"ws://127.0.0.1:{port}/kurento")
    assert said.endswith("/kurento: not a Kurento server (what answers there is no HTTP server)")


def test_one_server_is_served_at_a_time(says: Says) -> None:
    said = says("serve", "--kurento", "ws://h:8888/kurento", "--janus", "here")
    assert said.startswith("farm serve: argument --janus: not allowed with argument --kurento")


# ---------------------------------------------------------------- the server's machine


@pytest.fixture
async def kurento() -> AsyncIterator[str]:
    async with stand_in_kurento() as address:
        yield address


def over(kurento: str, ssh: Ssh) -> str:
    return (
        f"server:\n  kurento: {kurento}\n  ssh:\n    to: {ssh.to}\n"
        f"    key: {ssh.key or 'null'}\n    known_hosts: {ssh.known_hosts}\n"
    )


@pytest.mark.live
async def test_a_machine_that_cannot_be_reached(tmp_path: Path, kurento: str) -> None:
    for to, complaint in (
        ("me@127.0.0.1:1", r"127\.0\.0\.1 port 1 cannot be reached \(SSH\): Connection refused"),
        ("me@no-such-host.invalid", r"no-such-host\.invalid has no address: .*"),
    ):
        reply = await process_says(tmp_path, over(kurento, Ssh(to=to)))
        assert re.fullmatch(rf":4: server\.ssh\.to: {to}: {complaint}", reply), reply


@pytest.mark.live
async def test_a_host_key_nobody_vouched_for_and_a_refused_login(
    tmp_path: Path, kurento: str
) -> None:
    async with running_sshd(tmp_path / "sshd") as sshd:
        empty = tmp_path / "known_hosts"
        reply = await process_says(tmp_path, over(kurento, replace(sshd.ssh, known_hosts=empty)))
        assert reply.startswith(f":4: server.ssh.to: {sshd.ssh.to}: the key of 127.0.0.1 port")
        add = f"ssh-keyscan -p {sshd.port} 127.0.0.1 >> {empty}"
        assert reply.endswith(f"add it: {add}")
        subprocess.run(["sh", "-c", add], check=True, capture_output=True)
        stranger = replace(sshd.ssh, known_hosts=empty, key=sshd.directory / "host_key")
        reply = await process_says(tmp_path, over(kurento, stranger))
        assert re.match(r":4: server\.ssh\.to: .* refused the login; tried: key .*host_key", reply)


# ---------------------------------------------------------------- this machine


@pytest.mark.live
async def test_no_chromium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setenv("HOME", str(tmp_path))
    reply = await process_says(tmp_path, "scenario: one_to_one")
    assert reply.startswith("farm: no Chromium on this machine: install the package chromium, or ")


def test_a_home_without_room_for_clips(says: Says, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", "/dev/null/cache")
    reply = says("run", "calls.yaml", calls="scenario: one_to_one\n")
    assert re.fullmatch(r"farm: clips cannot be written to /dev/null/cache/\S+: .*", reply), reply


@pytest.mark.live
def test_no_space(tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    (tmp_path / "calls.yaml").write_text("scenario: one_to_one\n")
    run = subprocess.run(
        [
            *("unshare", "-m" if os.geteuid() == 0 else "-rm", "sh", "-c"),
            'mount -t tmpfs -o size=1m none small && "$@"; code=$?; ls small; exit $code',
            *("sh", sys.executable, "-P", "-m", "farm.cli", "run", "calls.yaml"),
            *("--out", "small/runs"),
        ],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert (run.returncode, run.stdout) == (BAD_INPUT, "")
    assert re.fullmatch(
        r"farm: --out: small/runs: the run may take \d+ MB, only 1 MB are free; choose another "
        r"directory or remove old runs \(farm runs --prune 30d\)\n",
        run.stderr,
    )
