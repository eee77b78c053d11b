"""The command line itself: help, completion, and what they cost."""

from __future__ import annotations

import re
import subprocess
import sys

import pytest

from farm.cli.__main__ import VERBS, exit_code, main, parser
from farm.errors import (
    BrowserError,
    ExperimentError,
    FarmError,
    HostKeyUnknown,
    KurentoTimeout,
    NoSpace,
    RecordingError,
    ServerLost,
)

HEAVY = ("polars", "matplotlib", "aiohttp", "playwright", "paramiko", "av", "numpy")


def shown(capsys: pytest.CaptureFixture[str], *words: str) -> str:
    with pytest.raises(SystemExit) as end:
        main(words)
    assert end.value.code == 0
    return capsys.readouterr().out


def test_help_names_every_verb_and_begins_with_an_example(
    capsys: pytest.CaptureFixture[str],
) -> None:
    said = shown(capsys, "--help")
    assert "farm demo\n" in said
    for verb, does in VERBS.items():
        assert f"\n    {verb} " in said
        assert does.split()[0] in said


@pytest.mark.parametrize("verb", VERBS)
def test_each_verb_has_an_example_that_it_understands(
    capsys: pytest.CaptureFixture[str], verb: str
) -> None:
    said = shown(capsys, verb, "--help")
    example = said.rpartition("example")[2].partition(": ")[2]
    _, *words = re.split(r"[,>(]", example)[0].split()
    assert parser(words).parse_args(words).verb == verb


def test_help_imports_no_library_of_the_verbs() -> None:
    script = (
        "import sys\nfrom farm.cli.__main__ import main\n"
        "try:\n    main(['--help'])\nexcept SystemExit:\n    pass\n"
        f"sys.exit(' '.join(name for name in {HEAVY} if name in sys.modules))"
    )
    run = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert run.stderr.strip() == ""


def test_completion_is_a_script_that_knows_every_verbs_options(
    capsys: pytest.CaptureFixture[str],
) -> None:
    script = shown(capsys, "--print-completion", "bash")
    for word in (*VERBS, "--fail-under", "--prune", "--baseline", "--tls"):
        assert word in script
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ExperimentError("calls.yaml:3: load"), 2),
        (HostKeyUnknown("media.example"), 2),
        (ServerLost("media.example"), 3),
        (KurentoTimeout("no answer to ping"), 3),
        (BrowserError("no page"), 3),
        (RecordingError("the disk is a minute behind"), 3),
        (NoSpace("the disk is full"), 3),
    ],
)
def test_what_breaks_never_says_that_the_server_failed(error: FarmError, code: int) -> None:
    assert exit_code(error) == code
