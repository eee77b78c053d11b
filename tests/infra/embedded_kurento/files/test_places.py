"""Which files clients may have written and read."""

from __future__ import annotations

from pathlib import Path

import pytest

from infra.embedded_kurento.errors import Refusal
from infra.embedded_kurento.files.places import DEFAULT_PATH, Places


@pytest.fixture
def calls(tmp_path: Path) -> Path:
    """A folder for recordings, beside one that is nobody's."""
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "secret").write_text("secret")
    folder = tmp_path / "calls"
    folder.mkdir()
    (folder / "link.webm").symlink_to(tmp_path / "outside" / "secret")
    (folder / "linked").symlink_to(tmp_path / "outside")
    (folder / "within.webm").symlink_to(folder / "a.webm")
    (folder / "round.webm").symlink_to(folder / "round.webm")
    return folder


@pytest.mark.parametrize(
    ("uri", "file"),
    [
        ("file://{calls}/a.webm", "a.webm"),
        ("file://{calls}/new/folder/a.webm", "new/folder/a.webm"),
        ("file://{calls}/a%20b.webm", "a b.webm"),
        ("file://{calls}/..webm", "..webm"),
        ("file://{calls}/new/../a.webm", "a.webm"),
        ("file://{calls}/within.webm", "a.webm"),
        ("{calls}/a.webm", "a.webm"),
    ],
)
def test_files_below_the_folder_may_be_written_and_read(uri: str, file: str, calls: Path) -> None:
    places = Places((calls,))
    assert places.to_write(uri.format(calls=calls)) == calls / file
    assert places.to_read(uri.format(calls=calls)) == calls / file


@pytest.mark.parametrize(
    "uri",
    [
        "file:///etc/passwd",
        "file://localhost/etc/passwd",
        "/etc/passwd",
        "etc/passwd",
        "../../../etc/passwd",
        "file://{calls}",
        "file://{calls}/",
        "file://{calls}/.",
        "file://{calls}-other/a.webm",
        "file://{calls}/../outside/secret",
        "file://{calls}/%2e%2e/outside/secret",
        "file://{calls}/..%2Foutside%2Fsecret",
        "file://{calls}/new/../../outside/secret",
        "file://{calls}/link.webm",
        "file://{calls}/linked/new.webm",
        "file://{calls}/round.webm",
        "file://{calls}/a%00b.webm",
        "file://[{calls}/a.webm",
        "",
    ],
)
def test_no_other_file_may_be(uri: str, calls: Path) -> None:
    for place in (Places((calls,)).to_write, Places((calls,)).to_read, Places().to_write):
        with pytest.raises(Refusal, match="in none of the folders of --recordings") as refused:
            place(uri.format(calls=calls))
        assert refused.value.code == 40111


def test_clips_are_read_and_not_written(calls: Path, tmp_path: Path) -> None:
    places = Places((calls,), (tmp_path / "clips",))
    clip = (tmp_path / "clips" / "film.webm").as_uri()
    assert places.to_read(clip) == tmp_path / "clips" / "film.webm"
    with pytest.raises(Refusal, match="in none of the folders of --recordings,"):
        places.to_write(clip)


def test_an_uri_without_a_scheme_lies_in_kurentos_own_folder() -> None:
    assert Places((DEFAULT_PATH,)).to_write("take.webm") == DEFAULT_PATH / "take.webm"
