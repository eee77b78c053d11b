"""Paths in files."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.errors import BadExperiment
from farm.path_beside import path_beside


def test_a_path_is_from_the_folder_of_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/home/me")
    monkeypatch.chdir(tmp_path)
    assert path_beside(Path("/exp"), "keys/id") == Path("/exp/keys/id")
    assert path_beside(Path("exp"), "id") == tmp_path / "exp" / "id"
    assert path_beside(Path("/exp"), "/etc/id") == Path("/etc/id")
    assert path_beside(Path("/exp"), Path("~/.ssh/id")) == Path("/home/me/.ssh/id")
    with pytest.raises(BadExperiment, match=r"^~nobody-there/id: there is no such home$"):
        path_beside(Path("/exp"), "~nobody-there/id")


def test_a_link_is_not_followed(tmp_path: Path) -> None:
    (tmp_path / "real").write_text("")
    (tmp_path / "link").symlink_to("real")
    assert path_beside(tmp_path, "link") == tmp_path / "link"
