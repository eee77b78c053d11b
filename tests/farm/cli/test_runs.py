"""`farm runs`: which there are, which go, and that none goes that somebody writes."""

from __future__ import annotations

import json
import os
import re
from pathlib import Path

import pytest

from farm.cli.__main__ import main
from farm.recording.run_folder import RunFolder
from tests.farm.recording.made_runs import DAY_S, make_run


@pytest.fixture
def live(tmp_path: Path) -> Path:
    """A directory with an old run that has ended, and one to be written."""
    make_run(tmp_path, "ended", DAY_S, {"state": "converged", "capacity": {"probes": 18}})
    return make_run(tmp_path, "live", DAY_S)


def test_who_writes_a_run_is_listed(live: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with RunFolder(live).taken():
        assert main(["runs", "--out", str(live.parent)]) == 0
        text = capsys.readouterr().out
        assert main(["runs", "--out", str(live.parent), "--json"]) == 0
        ended, going = json.loads(capsys.readouterr().out)
    assert re.search(rf"under_way +- +{live}  \(pid {os.getpid()} on .+, since .+Z\)\n", text)
    assert re.search(r"converged +18 probes +\S+ended\n", text)
    assert (ended["state"], ended["writer"]) == ("converged", None)
    assert (going["state"], going["writer"]["pid"]) == ("under_way", os.getpid())


@pytest.mark.parametrize("as_json", [False, True])
def test_what_is_kept_is_named(
    live: Path, capsys: pytest.CaptureFixture[str], as_json: bool
) -> None:
    words = ["runs", "--out", str(live.parent), "--prune", "12h", *(["--json"] if as_json else [])]
    with RunFolder(live).taken():
        assert main(words) == 0
    said = capsys.readouterr()
    kept = rf"kept {live}: another farm writes it: pid {os.getpid()} on "
    assert re.search(kept, said.err if as_json else said.out)
    if as_json:
        assert [Path(each["path"]).name for each in json.loads(said.out)] == ["ended"]
    assert [path.name for path in live.parent.iterdir()] == ["live"]
    assert main(words) == 0
    assert list(live.parent.iterdir()) == []
