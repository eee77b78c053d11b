"""`farm record-driver`: what it refuses, what it asks, and a recording in real windows."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

import pytest

from farm.bench.driver_recording import Typed
from farm.browser.recorded_page import RecordedPage
from farm.cli.__main__ import main
from farm.cli.person_at_terminal import PersonAtTerminal
from farm.drivers import read_driver
from farm.errors import BadInput
from farm.model.driver import Goto, WaitFor
from tests.page_server import page_server

BAD_INPUT = 2
URL = "http://127.0.0.1:9/"


@contextmanager
def keyboard(typed: str, *, terminal: bool) -> Iterator[TextIO]:
    """A terminal, or a pipe, at which this has been typed, and nothing follows."""
    ours, theirs = os.openpty() if terminal else reversed(os.pipe())
    with os.fdopen(theirs, encoding="utf-8") as read:
        os.write(ours, typed.encode())
        if not terminal:
            os.close(ours)
        yield read
        if terminal:
            os.close(ours)


def refused(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert main(["record-driver", *words]) == BAD_INPUT
    return capsys.readouterr().err


def test_what_it_cannot_do_is_one_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    there = tmp_path / "mine.yaml"
    there.write_text("mine")
    output = str(tmp_path / "new.yaml")
    assert refused(capsys, URL, "-o", str(there)).endswith(
        "mine.yaml exists: expected another name, or --overwrite\n"
    )
    assert "expected a name that ends with .yaml" in refused(capsys, URL, "-o", "mine.txt")
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    said = refused(capsys, URL, "-o", output)
    assert "there is no display (DISPLAY is not set)" in said
    assert "xvfb" in said
    monkeypatch.setenv("DISPLAY", ":77")
    assert refused(capsys, URL, "-o", output, "--probe-text", "viewer=x").endswith(
        "--probe-text: viewer=x: expected callee or caller, = and a text\n"
    )
    assert refused(capsys, URL, "-o", output) == (
        f"farm: URL: {URL}: nothing answers there (connection refused)\n"
    )
    assert there.read_text() == "mine"
    assert not (tmp_path / "new.yaml").exists()


async def test_a_person_is_asked_what_each_typed_text_is() -> None:
    screen = io.StringIO()
    with keyboard("\n\nn\ns\n", terminal=True) as terminal:
        names = await PersonAtTerminal(terminal, screen).names(
            [
                Typed("callee", "Your name", "alice"),
                Typed("callee", "Room", "hall"),
                Typed("caller", "Your name", "everybody"),
                Typed("caller", "Topic", "weekly"),
            ]
        )
    assert names == {"alice": "{session}-callee", "hall": "{session}", "weekly": "{session}"}
    assert "callee typed 'alice' into Your name. What is it?" in screen.getvalue()


async def test_without_a_terminal_nobody_is_asked_and_an_end_of_input_is_said() -> None:
    pages: dict[str, RecordedPage] = {"callee": None}  # type: ignore[dict-item]
    with keyboard("\n", terminal=False) as pipe:
        person = PersonAtTerminal(pipe, io.StringIO())
        assert await person.names([Typed("callee", "Your name", "alice")]) == {}
        await person.act("sign in", "callee", pages)
        with pytest.raises(BadInput, match="the input ended before the recording did"):
            await person.act("call", "callee", pages)


@pytest.fixture
def display() -> Iterator[str]:
    """A screen that nobody sees."""
    command = ["Xvfb", "-displayfd", "1", "-screen", "0", "1400x1000x24", "-nolisten", "tcp"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as screen:
        try:
            assert screen.stdout is not None
            yield f":{screen.stdout.readline().strip()}"
        finally:
            screen.terminate()


@pytest.mark.live
def test_a_page_that_calls_by_itself_is_recorded_in_windows_and_checked(
    tmp_path: Path, display: str
) -> None:
    with page_server() as server:
        done = subprocess.run(
            [
                *(sys.executable, "-P", "-m", "farm.cli", "record-driver"),
                *(f"{server.url}call.html?calls=1&room=hall", "-o", "mine.yaml"),
                *("--session-text", "hall"),
            ],
            check=False,
            cwd=tmp_path,
            input="\n\n\n",
            env={**os.environ, "DISPLAY": display},
            capture_output=True,
            text=True,
            timeout=240,
        )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "window 1 of 1: callee: do what the one who is called does" in done.stdout
    assert "window 2 of 2: caller: call; " in done.stdout
    assert "the driver works: 2 of 2 probes joined, 8 of 8 owed streams" in done.stdout
    assert f"app.url: {server.url}call.html (the driver adds the rest" in done.stdout
    driver = read_driver("mine.yaml", tmp_path)
    assert driver.roles["caller"].after == "callee"
    for role in driver.roles.values():
        assert role.join == (Goto("{app_url}?calls=1&room={session}"),)
        (wait,) = role.joined
        assert isinstance(wait, WaitFor)
        assert "'remote video'" in (wait.function or "")
