"""`farm driver check`: a driver that works, and what is said of those that do not."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiohttp import web

from farm.cli.__main__ import main
from tests.conftest import PAGES
from tests.pages.room_pages import ROOM_DRIVER, room_pages
from tests.pages.serving import serving, switched

WORKS, DOES_NOT_WORK, BAD_INPUT = 0, 1, 2
DRIVER = ROOM_DRIVER.read_text()

ROLE = """
    join: [goto: "{app_url}call?calls=1"]
    joined: [wait_for: {function: "document.body.dataset.state === 'in call'"}]
"""
CALLS_ITSELF = f"format: 1\nroles:\n  callee:{ROLE}  caller:{ROLE}"
"""Each page calls itself, as those of an echo server are alone with it."""


def _calls_itself() -> web.Application:
    async def page(_request: web.Request) -> web.FileResponse:
        return web.FileResponse(PAGES / "call.html")

    app = web.Application()
    app.router.add_get("/call", page)
    return app


@pytest.fixture
def url() -> Iterator[str]:
    with room_pages() as address:
        yield address


class Checking:
    """Runs the command in a folder with a driver of this text."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder, self._capsys = folder, capsys

    def __call__(self, text: str, *words: str) -> tuple[int, str]:
        file = self.folder / "mine.yaml"
        file.write_text(text)
        code = main(["driver", "check", str(file), "--out", str(self.folder / "runs"), *words])
        captured = self._capsys.readouterr()
        return code, captured.out + captured.err


@pytest.fixture
def checking(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Checking:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return Checking(tmp_path, capsys)


@pytest.mark.live
def test_a_driver_that_works_is_shown_with_pictures_connections_and_streams(
    checking: Checking, url: str
) -> None:
    code, output = checking(DRIVER, "--url", url, "--members", "2")
    assert code == WORKS, output
    assert "the driver works: 2 of 2 probes joined, 8 of 8 owed streams came and stayed" in output
    assert re.search(r"p000 join 1, goto http\S+ \([0-9.]+ s\)", output), output
    assert "once more without pictures, at the pace of farm run" in output
    assert re.search(r"connection \S+-0: (connecting, )?connected, closed by the page; ", output)
    assert re.search(r"video received from p001: VP8, 640x360, ", output), output
    assert output.count("left: all its connections were closed") == 2
    page = Path(output.strip().rpartition("pictures: ")[2])
    html = page.read_text()
    pictures = re.findall(r'<img src="([^"]+)"', html)
    assert len(pictures) == 8
    assert all((page.parent / picture).is_file() for picture in pictures)
    assert "mine.yaml:11" in html
    assert "- click: &#34;#leave&#34;" in html


@pytest.mark.live
def test_a_step_that_never_comes_true_is_named_with_its_line(checking: Checking, url: str) -> None:
    wrong = DRIVER.replace("startsWith('in call')", "startsWith('in cell')").replace("30s", "4s")
    code, output = checking(wrong, "--url", url, "--members", "2", "--json")
    assert code == DOES_NOT_WORK, output
    facts, _ = json.JSONDecoder().raw_decode(output)
    assert facts["works"] is False
    problem = facts["problems"][0]
    assert re.match(r"p00[01] \(member of s000\) did not join: ", problem), problem
    assert "mine.yaml:9: joined step 1, wait_for " in problem
    assert "the page shows 'in call with " in problem
    assert len(facts["runs"]) == 1


@pytest.mark.live
def test_a_leave_that_leaves_nothing_is_a_fault_of_the_driver(checking: Checking, url: str) -> None:
    code, output = checking(DRIVER.replace("#leave", "#leeve"), "--url", url, "--members", "2")
    assert code == DOES_NOT_WORK, output
    assert "did not leave: " in output
    assert "mine.yaml:11: leave step 1, click #leeve" in output
    assert "of its connections stayed open until its page closed" in output


@pytest.mark.live
def test_a_stream_that_never_comes_is_named_though_all_join(checking: Checking, url: str) -> None:
    page = switched(url, withhold="p001>p000:video")
    code, output = checking(DRIVER, "--url", page, "--members", "2")
    assert code == DOES_NOT_WORK, output
    assert "p000 (member of s000): the video from p001 that it receives never came" in output
    assert "video received from p001: NEVER CAME" in output


@pytest.mark.live
def test_a_driver_that_starts_no_call_is_told_in_one_line_for_each_probe(
    checking: Checking, url: str
) -> None:
    only_goto = "format: 1\nroles: {member: {join: [goto: '{app_url}']}}\n"
    code, output = checking(only_goto, "--url", url, "--members", "2")
    assert code == DOES_NOT_WORK, output
    line = r"its page made no RTCPeerConnection in the \d+ s after "
    assert re.search(rf"does not work: p00\d \(member of s000\): {line}", output), output
    assert re.search(rf"{line}.*mine\.yaml:2: join step 1, goto {{app_url}}", output), output
    assert "never came" not in output


@pytest.mark.live
def test_of_names_that_two_sessions_would_share_it_is_said(checking: Checking, url: str) -> None:
    clash = DRIVER.replace("room={session}", "room=hall").replace("name={probe}", "name=m{index}")
    code, output = checking(clash, "--url", url, "--members", "2")
    assert code == WORKS, output
    assert "mine.yaml:6: no step of member has {session}, and two sessions at the same t" in output


@pytest.mark.live
def test_sessions_that_meet_in_one_room_are_named_and_pages_without_a_room_are_not(
    checking: Checking, url: str
) -> None:
    hall = DRIVER.replace("room={session}", "room=hall")
    code, output = checking(hall, "--url", url, "--members", "2")
    assert code == WORKS, output
    assert "has {session}, and sessions at the same time meet: p00" in output, output
    with serving(_calls_itself) as alone:
        code, output = checking(CALLS_ITSELF, "--url", alone)
    assert code == WORKS, output
    assert "two sessions at the same time, as no step has {session}: do they meet?" in output
    assert "no step of" not in output


def test_what_cannot_be_checked_is_one_line(checking: Checking) -> None:
    for words, line in (
        ((), "--url: the driver is checked on a page: expected https://host/"),
        (
            ("--url", "http://127.0.0.1:9/"),
            "--url: http://127.0.0.1:9/: nothing answers there (connection refused)",
        ),
        (
            ("--url", "http://127.0.0.1:9/", "--members", "40"),
            "--members: 40: expected 2 to 16",
        ),
        (
            ("--url", "http://127.0.0.1:9/", "--sessions", "0"),
            "--sessions: 0: expected 1 or more",
        ),
    ):
        code, output = checking(DRIVER, *words)
        assert (code, output.partition("; goto of ")[0].strip()) == (BAD_INPUT, f"farm: {line}")
    code, output = checking(
        "format: 1\nroles: {host: {join: [goto: '{app_url}']}}\n", "--url", "http://127.0.0.1:9/"
    )
    assert code == BAD_INPUT
    assert "its roles host are of no scenario: expected callee and caller (one_to_one)" in output
    code, output = checking(
        DRIVER.replace("name={probe}", "name={env:NO_SUCH_NAME}"), "--url", "http://127.0.0.1:9/"
    )
    assert (code, output) == (
        BAD_INPUT,
        f"farm: {checking.folder}/mine.yaml:6: roles.member.join[0].goto: NO_SUCH_NAME is not set"
        " in the environment: expected its value there\n",
    )
    code, output = checking(DRIVER, "--url", "http://127.0.0.1:9/", "--scenario", "one_to_one")
    assert code == BAD_INPUT
    assert f"farm: {checking.folder}/mine.yaml: one_to_one needs a role callee" in output
    code, output = checking(DRIVER.replace("click:", "clik:"), "--url", "http://127.0.0.1:9/")
    assert code == BAD_INPUT
    assert "mine.yaml:11: roles.member.leave[0].clik: unknown key: did you mean click?" in output
