"""What a login's shell is given to run, in the shells that every machine has."""

from __future__ import annotations

import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.ssh.login_shell import (
    COMMAND,
    ERROR_MARK,
    GREETING_BYTES,
    OUTPUT_MARK,
    BehindMark,
    script,
    timed,
)


def given_to(shell: str, command: str, then: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    """What comes of a command in a login of that shell; `then` is written behind its marks."""
    with subprocess.Popen(
        [shell, "-c", COMMAND],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as login:
        assert login.stdin is not None
        assert login.stdout is not None
        login.stdin.write(script(command))
        login.stdin.flush()
        mark = login.stdout.readline()
        output, errors = login.communicate(then)
    return subprocess.CompletedProcess(command, login.returncode, mark + output, errors)


@pytest.mark.parametrize("shell", ["sh", "bash"])
def test_the_command_s_input_is_what_comes_after_the_script(shell: str) -> None:
    done = given_to(shell, 'cat; echo "it\'s" >&2; exit 5', b"echo no script\n")
    assert done.stdout == OUTPUT_MARK + b"echo no script\n"
    assert done.stderr == ERROR_MARK + b"it's\n"
    assert done.returncode == 5


def test_a_timed_command_has_no_input_and_its_own_status() -> None:
    done = given_to("sh", timed("cat; echo \"$#\" '$1'; exit 6", 5.0), b"echo no script\n")
    assert done.stdout == OUTPUT_MARK + b"0 $1\n"
    assert done.stderr == ERROR_MARK
    assert done.returncode == 6


@given(
    greeting=st.binary(max_size=40).filter(lambda said: OUTPUT_MARK not in said),
    behind=st.binary(max_size=40),
    cuts=st.lists(st.integers(0, 100), max_size=6).map(sorted),
)
def test_only_what_comes_behind_the_mark_is_output_however_it_is_cut(
    greeting: bytes, behind: bytes, cuts: list[int]
) -> None:
    whole = greeting + OUTPUT_MARK + behind
    stream = BehindMark(OUTPUT_MARK)
    pieces = [whole[start:end] for start, end in zip([0, *cuts], [*cuts, None], strict=True)]
    assert b"".join(stream.feed(piece) for piece in pieces) == behind
    assert stream.marked
    assert stream.greeting == greeting


def test_a_login_that_only_greets_fills_no_memory() -> None:
    stream = BehindMark(OUTPUT_MARK)
    for _ in range(10):
        assert stream.feed(b"x" * GREETING_BYTES) == b""
    assert not stream.marked
    assert len(stream.greeting) == GREETING_BYTES
