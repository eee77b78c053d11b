"""Resolves the paths that an experiment file names, from its own folder; checks addresses.

A message begins with the key of the setting, `server.ssh.key: ...`.
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
"""Values of `media` that are not files."""


def with_paths(experiment: Experiment, folder: Path, written: Callable[[str], bool]) -> Experiment:
    """Make the file's paths absolute. Raises ExperimentError that begins with the key.

    Paths of an inventory are absolute already; defaults as `runs` stay relative to the current
    directory.
    """
    media, app, server = experiment.media, experiment.app, experiment.server
    media = dataclasses.replace(
        media,
        video=_existing(folder, media.video, "media.video"),
        audio=_existing(folder, media.audio, "media.audio"),
    )
    if app.driver is not None and is_file_name(app.driver):
        app = dataclasses.replace(app, driver=_existing(folder, app.driver, "app.driver"))
    app = dataclasses.replace(
        app,
        data=app.data and setting_path(folder, app.data, "app.data"),
        exec=app.exec
        and dataclasses.replace(
            app.exec,
            directory=setting_path(folder, app.exec.directory or ".", "app.exec.directory"),
        ),
        storage_state=app.storage_state
        and str(setting_path(folder, app.storage_state, "app.storage_state")),
        client_certificates=app.client_certificates
        and tuple(
            dataclasses.replace(
                each,
                cert=setting_path(folder, each.cert, f"app.client_certificates[{at}].cert"),
                key=setting_path(folder, each.key, f"app.client_certificates[{at}].key"),
            )
            for at, each in enumerate(app.client_certificates)
        ),
    )
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
    """The absolute path of a file that must exist; values in `MADE_HERE` stay."""
    if name in MADE_HERE:
        return name
    path = setting_path(folder, name, setting)
    if not is_file_for(setting, path):
        raise ExperimentError(f"{setting}: {name}: no such file ({path})")
    return str(path)


def is_file_for(setting: str, path: Path) -> bool:
    """Whether the path that `setting` names is a file. Raises ExperimentError if unknown."""
    try:
        return is_there(path) and path.is_file()
    except ExperimentError as error:
        raise ExperimentError(f"{setting}: {error}") from error


def setting_path(folder: Path, name: str | Path, setting: str) -> Path:
    """`path_beside`, with errors that name `setting`."""
    try:
        return path_beside(folder, name)
    except ExperimentError as error:
        raise ExperimentError(f"{setting}: {error}") from error


def ssh_beside(ssh: Ssh | None, folder: Path, setting: str) -> Ssh | None:
    """The settings with absolute paths of key and known_hosts; `~` is expanded when they are used.

    A `~` also keeps the default of known_hosts recognisable, which means several files.
    """
    if ssh is None:
        return None

    def absolute(path: Path, key: str) -> Path:
        if path.parts[:1] == ("~",):
            return path
        return setting_path(folder, path, f"{setting}.{key}")

    return dataclasses.replace(
        ssh,
        key=ssh.key and absolute(ssh.key, "key"),
        known_hosts=absolute(ssh.known_hosts, "known_hosts"),
    )


def check_destination(ssh: Ssh | None, setting: str) -> None:
    """Raises ExperimentError where `ssh.to` is not an address."""
    if ssh is not None:
        try:
            parse_destination(ssh.to, setting)
        except BadInput as error:
            raise ExperimentError(str(error)) from error
