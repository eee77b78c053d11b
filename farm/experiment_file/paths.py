"""What a file names outside of itself: other files, from its own folder, and machines.

A message begins with the key that it is about, `server.ssh.key: ...`.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path

from farm.errors import BadInput, ExperimentError
from farm.files.path_beside import is_there, path_beside
from farm.model.destination import parse_destination
from farm.model.driver import is_file_name
from farm.model.experiment import Experiment
from farm.model.server_settings import Ssh

MADE_HERE = ("camera", "speech", "none")
"""What `media` may name that is no file."""


def with_paths(experiment: Experiment, folder: Path, written: Callable[[str], bool]) -> Experiment:
    """Paths that the file writes made absolute. Raises ExperimentError, beginning with the key.

    What an inventory wrote is absolute already, and defaults are nobody's: `runs` is where one
    stands.
    """
    media, app, server = experiment.media, experiment.app, experiment.server
    media = dataclasses.replace(
        media,
        video=_existing(folder, media.video, "media.video"),
        audio=_existing(folder, media.audio, "media.audio"),
    )
    if app.driver is not None and is_file_name(app.driver):
        app = dataclasses.replace(app, driver=_existing(folder, app.driver, "app.driver"))
    if written("server.ssh"):
        server = dataclasses.replace(server, ssh=ssh_beside(server.ssh, folder, "server.ssh"))
    if written("server.price.table") and server.price.table is not None:
        table = setting_path(folder, server.price.table, "server.price.table")
        server = dataclasses.replace(server, price=dataclasses.replace(server.price, table=table))
    probes, output = experiment.probes, experiment.output
    if probes.chromium is not None and probes.chromium.parts[:1] != ("~",):  # each host's own home
        chromium = setting_path(folder, probes.chromium, "probes.chromium")
        probes = dataclasses.replace(probes, chromium=chromium)
    if written("output.directory"):
        directory = setting_path(folder, output.directory, "output.directory")
        output = dataclasses.replace(output, directory=directory)
    return dataclasses.replace(
        experiment, media=media, app=app, server=server, probes=probes, output=output
    )


def _existing(folder: Path, name: str, setting: str) -> str:
    """The absolute path of a file that must be there; words for what is made here stay."""
    if name in MADE_HERE:
        return name
    found = setting_path(folder, name, setting)
    if not is_file_for(setting, found):
        raise ExperimentError(f"{setting}: {name}: no such file ({found})")
    return str(found)


def is_file_for(setting: str, path: Path) -> bool:
    """Whether what `setting` names is one. Raises ExperimentError where that cannot be told."""
    try:
        return is_there(path) and path.is_file()
    except ExperimentError as error:
        raise ExperimentError(f"{setting}: {error}") from error


def setting_path(folder: Path, name: str | Path, setting: str) -> Path:
    """`path_beside` of what `setting` says."""
    try:
        return path_beside(folder, name)
    except ExperimentError as error:
        raise ExperimentError(f"{setting}: {error}") from error


def ssh_beside(ssh: Ssh | None, folder: Path, setting: str) -> Ssh | None:
    """With the paths of key and known_hosts made absolute; `~` stays, for whoever reads them.

    By it the default of known_hosts is known, which means more files than one.
    """
    if ssh is None:
        return None

    def found(path: Path, key: str) -> Path:
        if path.parts[:1] == ("~",):
            return path
        return setting_path(folder, path, f"{setting}.{key}")

    return dataclasses.replace(
        ssh,
        key=ssh.key and found(ssh.key, "key"),
        known_hosts=found(ssh.known_hosts, "known_hosts"),
    )


def check_destination(ssh: Ssh | None, setting: str) -> None:
    """Raises ExperimentError where `ssh.to` is no address."""
    if ssh is not None:
        try:
            parse_destination(ssh.to, setting)
        except BadInput as error:
            raise ExperimentError(str(error)) from error
