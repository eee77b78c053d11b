"""Paths in files."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.browser.chromium_program import find_chromium
from farm.drivers import parse_driver, read_driver
from farm.errors import BadInput, ExperimentError
from farm.experiment_file import load_experiment
from farm.files.path_beside import is_there, path_beside
from farm.media.clips import prepare
from farm.model.experiment import MediaSettings
from farm.model.setting import Size


def test_a_path_is_from_the_folder_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.chdir(tmp_path)
    assert path_beside(Path("/exp"), "keys/id") == Path("/exp/keys/id")
    assert path_beside(Path("exp"), "id") == tmp_path / "exp" / "id"
    assert path_beside(Path("/exp"), "/etc/id") == Path("/etc/id")
    assert path_beside(Path("/exp"), Path("~/.ssh/id")) == Path("/home/me/.ssh/id")
    with pytest.raises(ExperimentError, match=r"^~nobody-there/id: there is no such home$"):
        path_beside(Path("/exp"), "~nobody-there/id")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("")
    (tmp_path / "link").symlink_to("real")
    assert path_beside(tmp_path, "link") == tmp_path / "link"


def test_what_cannot_be_looked_at_is_said_in_a_line(tmp_path: Path) -> None:
    assert is_there(tmp_path)
    assert not is_there(tmp_path / "none")
    long = tmp_path / ("x" * 300)
    with pytest.raises(ExperimentError, match=f"^{long}: cannot be read: File name too long$"):
        is_there(long)


LONG = "x" * 300


@pytest.mark.parametrize(
    "experiment",
    [f"media: {{video: {LONG}}}", f"app: {{driver: ./{LONG}.yaml}}", f"inventory: {LONG}"],
)
def test_a_file_that_cannot_be_looked_at_is_named_with_its_setting(
    experiment: str, tmp_path: Path
) -> None:
    file = tmp_path / "calls.yaml"
    file.write_text(experiment)
    with pytest.raises(ExperimentError, match=rf"^{file}:1: [a-z.]+: .*cannot be read: File name"):
        load_experiment(file)


def test_a_long_name_is_said_wherever_a_file_is_looked_for(tmp_path: Path) -> None:
    said = "cannot be read: File name too long"
    with pytest.raises(BadInput, match=rf"^app\.driver: .*{said}"):
        read_driver(f"./{LONG}.yaml", tmp_path)
    with pytest.raises(BadInput, match=rf"^mine:.*evaluate: .*{said}"):
        parse_driver(
            f"format: 1\nroles: {{callee: {{join: [{{evaluate: {LONG}}}]}}}}", "mine", tmp_path
        )
    with pytest.raises(BadInput, match=rf"^probes\.chromium: .*{said}"):
        find_chromium(tmp_path / LONG)
    with pytest.raises(BadInput, match=rf"^media\.video: .*{said}"):
        prepare(MediaSettings(video=str(tmp_path / LONG)), Size(640, 480), tmp_path)
