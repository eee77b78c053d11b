"""The files of a run on AWS: a folder of the farm's own, and nothing of anybody else's touched."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import pytest
import yaml

from farm.errors import BadInput
from farm.experiment_file import load_inventory
from infra.aws.marked_folder import MARKER
from infra.aws.run_files import RunFiles
from infra.aws.run_record import RunRecord

RECORD = RunRecord("calls-3f9a2c", "2030-01-01T00:00:00+00:00", ("us-east-1",))
OTHER = RunRecord("rooms-000000", "2030-01-01T00:00:00+00:00", ("us-west-2",))
HEAD = "# Written by `farm provision`; what an experiment writes itself is stronger.\n"
THEIRS = "mine, and nobody else's\n"


def provisioned(files: RunFiles, record: RunRecord = RECORD) -> None:
    """All that `farm provision` writes, in its order."""
    files.check(files.record())
    files.keep(record)
    files.public_key()
    files.host_key("server")
    files.write_known_hosts({"server": ["203.0.113.10"]})
    ssh = {
        "to": "ubuntu@203.0.113.10",
        "key": files.key_path,
        "known_hosts": files.known_hosts_path,
    }
    server = {"kurento": "ws://203.0.113.10:8888/kurento", "ssh": ssh}
    files.write_inventory({"format": 1, "run": record.run, "server": server})


def contents(folder: Path) -> dict[str, str]:
    """Every file below a folder, links as where they lead."""
    return {
        str(path.relative_to(folder)): str(path.readlink())
        if path.is_symlink()
        else path.read_text()
        for path in sorted(folder.rglob("*"))
        if path.is_symlink() or path.is_file()
    }


@pytest.fixture
def login(tmp_path: Path) -> Path:
    """A user's own `.ssh`."""
    folder = tmp_path / ".ssh"
    folder.mkdir(mode=0o700)
    for name in ("id_ed25519", "id_ed25519.pub", "known_hosts", "config", "run.json"):
        (folder / name).write_text(f"{THEIRS}{name}")
    (folder / "host_keys").mkdir()
    (folder / "host_keys" / "server").write_text(THEIRS)
    return folder


def test_beside_a_users_own_keys_a_run_comes_and_goes_and_they_stay_as_they_were(
    login: Path,
) -> None:
    before = contents(login)
    files = RunFiles(login / "farm.yaml")
    assert files.record() is None
    provisioned(files)
    assert files.record() == RECORD
    assert files.folder == login / "farm.aws"
    assert files.folder.stat().st_mode & 0o777 == 0o700
    assert login.stat().st_mode & 0o777 == 0o700
    private = files.folder / "id_ed25519"
    assert private.stat().st_mode & 0o777 == 0o600
    assert private.read_text().startswith("-----BEGIN OPENSSH PRIVATE KEY-----")
    inventory = load_inventory(login / "farm.yaml")
    assert inventory.server is not None
    assert inventory.server.ssh is not None
    assert inventory.server.ssh.key == private
    assert inventory.server.ssh.known_hosts == files.folder / "known_hosts"
    assert (
        yaml.safe_load(files.inventory.read_text())["server"]["ssh"]["key"] == "farm.aws/id_ed25519"
    )
    assert {name: text for name, text in contents(login).items() if name in before} == before

    again = RunFiles(login / "farm.yaml")
    key = again.public_key()
    provisioned(again)
    assert again.public_key() == key

    assert again.forget() == ()
    assert contents(login) == before
    assert sorted(path.name for path in login.iterdir()) == sorted(
        ["id_ed25519", "id_ed25519.pub", "known_hosts", "config", "run.json", "host_keys"]
    )
    assert again.record() is None


@pytest.mark.parametrize(
    ("inventory", "folder", "key"),
    [
        ("calls.aws/inventory.yaml", "calls.aws", "id_ed25519"),
        ("calls.aws/other.yaml", "calls.aws/other.aws", "other.aws/id_ed25519"),
        ("keys/inventory.yaml", "keys/inventory.aws", "inventory.aws/id_ed25519"),
        (".aws/inventory.yaml", ".aws/inventory.aws", "inventory.aws/id_ed25519"),
        ("farm", "farm.aws", "farm.aws/id_ed25519"),
        ("farm.yml", "farm.yml.aws", "farm.yml.aws/id_ed25519"),
        ("farm.aws", "farm.aws.aws", "farm.aws.aws/id_ed25519"),
    ],
)
def test_the_folder_is_around_the_inventory_or_beside_it(
    inventory: str, folder: str, key: str, tmp_path: Path
) -> None:
    files = RunFiles(tmp_path / inventory)
    provisioned(files)
    assert files.folder == tmp_path / folder
    assert files.key_path == key
    assert (files.inventory.parent / key).is_file()
    files.forget()
    assert contents(tmp_path) == {}
    assert not files.folder.exists()


def a_file(folder: Path) -> None:
    (folder / "calls.aws").write_text(THEIRS)


def a_folder_with_something(folder: Path) -> None:
    (folder / "calls.aws").mkdir()
    (folder / "calls.aws" / "known_hosts").write_text(THEIRS)


def a_link_to_a_folder(folder: Path) -> None:
    (folder / "empty").mkdir()
    (folder / "calls.aws").symlink_to(folder / "empty")


def a_marker_that_is_another(folder: Path) -> None:
    a_folder_with_something(folder)
    (folder / "calls.aws" / MARKER).write_text("id_ed25519\n")


def a_marker_that_is_a_link(folder: Path) -> None:
    ours = RunFiles(folder / "ours.yaml")
    provisioned(ours)
    a_folder_with_something(folder)
    (folder / "calls.aws" / MARKER).symlink_to(ours.folder / MARKER)


def an_inventory_by_hand(folder: Path) -> None:
    (folder / "calls.yaml").write_text("format: 1\nrun: calls-3f9a2c\n")


def an_inventory_of_another_run(folder: Path) -> None:
    (folder / "calls.yaml").write_text(f"{HEAD}format: 1\nrun: rooms-000000\n")


def an_inventory_that_is_a_link(folder: Path) -> None:
    (folder / "of_ours.yaml").write_text(f"{HEAD}format: 1\nrun: calls-3f9a2c\n")
    (folder / "calls.yaml").symlink_to(folder / "of_ours.yaml")


@pytest.mark.parametrize(
    ("there", "says"),
    [
        (a_file, r"calls\.aws: expected a folder of the farm's own, or nothing"),
        (a_folder_with_something, r"calls\.aws: not empty, and not made by `farm provision`"),
        (a_link_to_a_folder, r"calls\.aws: expected a folder of the farm's own, or nothing"),
        (a_marker_that_is_another, r"calls\.aws: not empty, and not made by `farm provision`"),
        (a_marker_that_is_a_link, r"calls\.aws: not empty, and not made by `farm provision`"),
        (an_inventory_by_hand, r"calls\.yaml: not written by `farm provision`"),
        (an_inventory_of_another_run, r"calls\.yaml: of another run, rooms-000000"),
        (an_inventory_that_is_a_link, r"calls\.yaml: not written by `farm provision`"),
    ],
)
def test_what_somebody_else_made_is_refused_and_stays(
    there: Callable[[Path], None], says: str, tmp_path: Path
) -> None:
    there(tmp_path)
    before = contents(tmp_path)
    files = RunFiles(tmp_path / "calls.yaml")
    with pytest.raises(BadInput, match=says):
        files.check(files.record())
    with pytest.raises(BadInput, match=says):
        files.keep(RECORD)
    files.forget()
    assert contents(tmp_path) == before


def test_an_empty_folder_is_taken_and_stays_when_the_run_is_over(tmp_path: Path) -> None:
    files = RunFiles(tmp_path / "calls.yaml")
    files.folder.mkdir()
    provisioned(files)
    assert files.forget() == ()
    assert list(tmp_path.iterdir()) == [files.folder]
    assert list(files.folder.iterdir()) == []


@pytest.mark.parametrize("name", ["id_ed25519", "id_ed25519.pub", "known_hosts", "host_keys"])
def test_what_came_into_the_folder_later_is_neither_used_nor_removed(
    name: str, tmp_path: Path
) -> None:
    files = RunFiles(tmp_path / "calls.yaml")
    provisioned(files)
    kept = tmp_path / "kept"
    kept.mkdir()
    (kept / "server").write_text(THEIRS)
    (kept / "key").write_text(THEIRS)
    path = files.folder / name
    if path.is_dir():
        path.rename(tmp_path / "away")
        path.symlink_to(kept)
    else:
        path.unlink()
        path.symlink_to(kept / "key")
    (files.folder / "notes.txt").write_text(THEIRS)
    with pytest.raises(BadInput, match=rf"{name}: not made by `farm provision`"):
        files.keep(RECORD)
    with pytest.raises(BadInput, match=rf"{name}: not made by `farm provision`"):
        files.host_key("server")
        files.public_key()
        files.write_known_hosts({})
    assert files.forget() == (path, files.folder / "notes.txt")
    assert contents(kept) == {"key": THEIRS, "server": THEIRS}
    assert contents(files.folder) == {
        name: str(kept if name == "host_keys" else kept / "key"),
        "notes.txt": THEIRS,
    }


@pytest.mark.parametrize(
    "line",
    ["../.ssh/id_ed25519", "host_keys/../../.ssh/id_ed25519", "/{login}/id_ed25519", "notes"],
)
def test_a_marker_that_names_what_no_run_has_leads_nowhere(
    line: str, login: Path, tmp_path: Path
) -> None:
    """A checkout may bring a folder that says whatever it likes."""
    files = RunFiles(tmp_path / "calls.aws" / "inventory.yaml")
    provisioned(files)
    (files.folder / "notes").write_text(THEIRS)
    with (files.folder / MARKER).open("a") as marker:
        marker.write(line.format(login=login) + "\n")
    before = contents(login)
    assert files.forget() == (files.folder / "notes",)
    assert contents(login) == before


def test_a_record_that_is_a_link_is_not_read(tmp_path: Path) -> None:
    files = RunFiles(tmp_path / "calls.aws" / "inventory.yaml")
    provisioned(files)
    record = files.folder / "run.json"
    record.rename(tmp_path / "elsewhere.json")
    record.symlink_to(tmp_path / "elsewhere.json")
    with pytest.raises(BadInput, match=r"run\.json: cannot be read: not a file"):
        files.record()


def test_an_inventory_that_was_written_by_hand_since_outlives_the_run(tmp_path: Path) -> None:
    files = RunFiles(tmp_path / "calls.yaml")
    provisioned(files)
    files.inventory.write_text("format: 1\nserver: {kurento: 'ws://192.0.2.1:8888/kurento'}\n")
    with pytest.raises(BadInput, match="not written by `farm provision`"):
        files.write_inventory({"format": 1, "run": RECORD.run})
    assert files.forget() == (files.inventory,)
    assert "192.0.2.1" in files.inventory.read_text()
    assert not files.folder.exists()


def test_what_a_killed_call_left_half_made_is_made_again_and_goes(tmp_path: Path) -> None:
    files = RunFiles(tmp_path / "calls.yaml")
    files.keep(RECORD)
    for half in ("run.json.new", "id_ed25519.new", "inventory.yaml.new"):
        (files.folder / half).write_text("half a f")
    provisioned(files)
    (files.folder / "id_ed25519.new").write_text("half a k")
    assert files.forget() == ()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["x" * 251 + ".yaml", "x" * 252])
def test_a_name_that_is_too_long_is_bad_input_before_anything_is_made(
    name: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match="cannot be used: File name too long"):
        RunFiles(tmp_path / name).check(None)
    assert contents(tmp_path) == {}


def test_an_inventory_without_a_name_is_bad_input() -> None:
    with pytest.raises(BadInput, match="/: expected a file: the inventory that is to be written"):
        RunFiles(Path("/"))


def test_a_folder_that_cannot_be_made_is_bad_input(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    files = RunFiles(tmp_path / "file" / "calls.yaml")
    assert files.record() is None
    with pytest.raises(BadInput, match=r"calls\.aws: cannot be used: File exists"):
        files.keep(RECORD)


# ---------------------------------------------------------------- of a farm before the marker


def older(folder: Path, inventory: str | None) -> None:
    """As it left a run: all in the inventory's folder, and no word of what it made there."""
    folder.mkdir(exist_ok=True)
    (folder / "run.json").write_text(json.dumps(asdict(RECORD)))
    (folder / "id_ed25519").write_text(THEIRS)
    (folder / "known_hosts").write_text(THEIRS)
    if inventory is not None:
        text = f"{HEAD}format: 1\nrun: {RECORD.run}\n"
        (folder / inventory).write_text(text)


@pytest.mark.parametrize(
    ("folder", "inventory", "killed"),
    [
        ("calls.aws", "inventory.yaml", False),
        ("calls.aws", "inventory.yaml", True),
        (".ssh", "farm.yaml", False),
    ],
)
def test_an_older_farms_run_is_found_and_what_may_be_anybodys_is_left(
    folder: str, inventory: str, killed: bool, tmp_path: Path
) -> None:
    older(tmp_path / folder, None if killed else inventory)
    files = RunFiles(tmp_path / folder / inventory)
    assert files.record() == RECORD
    with pytest.raises(BadInput, match=r"run calls-3f9a2c is an older farm's.*farm teardown"):
        files.check(RECORD)
    with pytest.raises(BadInput, match="an older farm's"):
        files.keep(RECORD)
    left = tuple(tmp_path / folder / name for name in ("id_ed25519", "known_hosts"))
    assert files.forget() == left
    assert contents(tmp_path / folder) == {"id_ed25519": THEIRS, "known_hosts": THEIRS}
    assert files.record() is None
    assert files.forget() == ()


def test_a_folder_that_is_a_link_is_looked_into_and_left(tmp_path: Path) -> None:
    provisioned(RunFiles(tmp_path / "away.aws" / "inventory.yaml"))
    before = contents(tmp_path / "away.aws")
    link = tmp_path / "calls.aws"
    link.symlink_to(tmp_path / "away.aws")
    files = RunFiles(link / "inventory.yaml")
    assert files.record() == RECORD
    with pytest.raises(BadInput):
        files.keep(RECORD)
    assert files.forget() == (link,)
    assert contents(tmp_path / "away.aws") == before


def test_an_older_run_of_another_inventory_in_that_folder_is_not_this_ones(tmp_path: Path) -> None:
    older(tmp_path / "keys", "rooms.yaml")
    before = contents(tmp_path)
    files = RunFiles(tmp_path / "keys" / "calls.yaml")
    assert files.record() is None
    provisioned(files, OTHER)
    files.forget()
    assert contents(tmp_path) == before


def test_a_record_that_is_nested_without_end_is_refused(tmp_path: Path) -> None:
    files = RunFiles(tmp_path / "calls.aws" / "inventory.yaml")
    files.keep(RECORD)
    (files.folder / "run.json").write_text("[" * 100_000)
    with pytest.raises(BadInput, match=r"run\.json: cannot be read: "):
        files.record()
