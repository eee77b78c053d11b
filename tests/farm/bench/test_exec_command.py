"""The user's command that gives probes tokens: what it is told, gives, and how it fails."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from farm.bench.app_page import check_pages
from farm.bench.exec_command import ExecCommand
from farm.bench.page_opening import check_opening
from farm.bench.trial_openings import TrialOpenings
from farm.errors import BadInput, ExperimentError, GeneratorError
from farm.experiment_file import load_experiment, parse_experiment
from farm.model.experiment import Experiment, Scenario
from farm.model.page_opening import PageOpening
from farm.model.page_settings import ExecSettings
from farm.planning.trial_planning import plan_trial
from farm.processes import Processes
from tests.login_page import login_pages

CALLS = Experiment(scenario=Scenario(kind="one_to_one"))
PLAN = plan_trial(CALLS, 4, index=0, purpose="single", hosts=("here",))
OPENING = PageOpening(
    own={"p000": {"user": "alice-4410"}}, environment={"env:APP_KEY": "header-5520"}
)


@pytest.fixture
async def processes(tmp_path: Path) -> AsyncIterator[Processes]:
    async with Processes(tmp_path / "logs") as processes:
        yield processes


def command(processes: Processes, text: str, **changes: object) -> ExecCommand:
    settings = replace(ExecSettings(command=text, gives=("token",)), **changes)  # type: ignore[arg-type]
    return ExecCommand(settings, processes)


async def test_each_probe_gets_its_line(processes: Processes, tmp_path: Path) -> None:
    (tmp_path / "tokens.sh").write_text("""
        tee heard | while read -r line; do
            number=$((${number:-0} + 1))
            echo "{\\"token\\": \\"t-$number\\", \\"room\\": $number, \\"more\\": []}"
        done
    """)
    asked = command(processes, "sh ./tokens.sh", gives=("token", "room"), directory=tmp_path)
    assert await asked.values(PLAN, OPENING) == {
        f"p00{at}": {"token": f"t-{at + 1}", "room": str(at + 1)} for at in range(4)
    }
    first, second, *_ = (tmp_path / "heard").read_text().splitlines()
    assert first == (
        '{"probe": "p000", "session": "s000", "role": "callee", "index": 0, "user": "alice-4410"}'
    )
    assert second == '{"probe": "p001", "session": "s000", "role": "caller", "index": 1}'


async def test_a_session_or_a_trial_has_one_together(processes: Processes) -> None:
    of_session = command(processes, "sed 's/.*\\(s00.\\).*/\\1-token/'", per="session")
    assert await of_session.values(PLAN, OPENING) == {
        "p000": {"token": "s000-token"},
        "p001": {"token": "s000-token"},
        "p002": {"token": "s001-token"},
        "p003": {"token": "s001-token"},
    }
    of_trial = command(processes, """printf '{\n "token":\n "one"}\n'""", per="trial")
    assert set(await of_trial.values(PLAN, OPENING)) == {"p000", "p001", "p002", "p003"}
    nothing_read = command(processes, "echo one", per="trial")
    assert (await nothing_read.values(PLAN, OPENING))["p003"] == {"token": "one"}


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("echo no >&2; echo header-5520 is wrong >&2; exit 3", r"ended with status 3: \*\*\* is w"),
        ("no-such-program", "it ended with status 127: .*not found"),
        ("echo one", "it printed 1 line: expected 4, one for each probe"),
        ("while read -r a; do echo '{\"tokn\": 1}'; done", "line 1 of its answer has no token"),
        ('while read -r a; do echo \'{"token": ""}\'; done', "line 1 of its answer has no token"),
        ("while read -r a; do echo '{'; done", 'line 1 .* no JSON object: expected {"token": "'),
        ("yes", r"not within 1s \(app\.exec\.within\)|more than 4 MiB"),
    ],
)
async def test_a_failure_is_said_and_nothing_is_left(
    processes: Processes, text: str, complaint: str
) -> None:
    before = set(psutil.Process().children(recursive=True))
    with pytest.raises(BadInput, match=complaint) as caught:
        await command(processes, text, within_s=1.0).values(PLAN, OPENING)
    assert str(caught.value).startswith("app.exec: ")
    assert set(psutil.Process().children(recursive=True)) == before


async def test_what_it_starts_ends_with_it(processes: Processes) -> None:
    before = set(psutil.Process().children(recursive=True))
    leaves_one = command(processes, "sleep 500 >/dev/null 2>&1 & echo one", per="trial")
    await leaves_one.values(PLAN, OPENING)
    assert set(psutil.Process().children(recursive=True)) == before


async def test_once_it_has_worked_a_failure_is_the_generators(
    processes: Processes, tmp_path: Path
) -> None:
    once = command(processes, "mkdir was && echo one", per="trial", directory=tmp_path)
    await once.values(PLAN, OPENING)
    with pytest.raises(GeneratorError, match=r"^app\.exec: mkdir was .*it ended with status 1: "):
        await once.values(PLAN, OPENING)


DRIVER = """
format: 1
roles:
  callee: {join: [goto: "{app_url}?token={token}"]}
  caller: {join: [goto: "{app_url}?token={token}"]}
"""


async def test_an_experiments_command_runs_beside_its_file(
    processes: Processes, tmp_path: Path
) -> None:
    (tmp_path / "driver.yaml").write_text(DRIVER)
    (tmp_path / "token.txt").write_text("token-7731")
    file = tmp_path / "calls.yaml"
    async with login_pages() as pages:
        file.write_text(f"""
format: 1
app:
  url: {pages.url}cookie
  driver: ./driver.yaml
  exec: {{command: cat token.txt, gives: [token], per: trial}}
""")
        calls = load_experiment(file)
        assert check_opening(calls, 2) == (
            "token by cat token.txt (app.exec), run before each trial, not now"
        )
        await check_pages(calls)  # answers 401, which says nothing of a probe with its token
    plan = plan_trial(calls, 2, index=0, purpose="single", hosts=("here",))
    opening = await TrialOpenings(calls, processes, tmp_path).of(plan)
    assert opening.own == {"p000": {"token": "token-7731"}, "p001": {"token": "token-7731"}}
    assert "token-7731" in set(opening.secrets())
    assert "token-7731" not in repr(opening)


@pytest.mark.parametrize(
    ("settings", "complaint"),
    [
        ("{gives: [token]}", 'app.exec.command: "": expected a command of the shell'),
        ("{command: ls}", r"app.exec.gives: \[\]: expected what it gives"),
        ("{command: ls, gives: [Token]}", r"app.exec.gives\[0\]: Token: expected another,"),
        ("{command: ls, gives: [a], per: host}", "app.exec.per: host: expected probe, session or"),
        ("{command: ls, gives: [a], within: 5}", "app.exec.within: 5: expected a duration"),
    ],
)
def test_settings_that_cannot_be_used(settings: str, complaint: str) -> None:
    with pytest.raises(ExperimentError, match=complaint):
        parse_experiment(f"format: 1\napp: {{exec: {settings}}}\n", "calls.yaml")


def test_it_gives_no_variable_of_the_farms_own() -> None:
    calls = parse_experiment(
        "format: 1\napp: {exec: {command: ls, gives: [probe]}}\n", "calls.yaml"
    )
    with pytest.raises(ExperimentError, match=r"^app\.exec\.gives\[0\]: probe: .* the farm's own"):
        check_opening(calls, 2)
