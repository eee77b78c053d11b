"""An experiment file -> Experiment, and back to plain values.

Every message is one line with its place: `calls.yaml:12: trial.hold: 4 minutes: expected a duration
such as 30s, 4m or 3h`.
"""

from __future__ import annotations

import dataclasses
import difflib
import functools
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import jsonschema

from farm.errors import ExperimentError
from farm.experiment_file import yaml_nodes
from farm.experiment_file.checks import check
from farm.experiment_file.defaults import with_server_of_app
from farm.experiment_file.inventory_filled import filled
from farm.experiment_file.paths import (
    check_destination,
    is_file_for,
    setting_path,
    ssh_beside,
    with_paths,
)
from farm.experiment_file.schema import Setting, schema, settings_of
from farm.experiment_file.session_roles import plain_roles, roles_of
from farm.experiment_file.yaml_nodes import Document, dotted, keys_of
from farm.files.text_file import text_of
from farm.model.durations import format_duration, parse_duration_s, parse_size
from farm.model.experiment import Experiment
from farm.model.inventory import TO_COME, Inventory
from farm.model.setting import Size

Plain = dict[str, Any]

MATRIX = "matrix"
"""The section that makes several experiments of one file: see `farm.experiment_file.matrix`."""

LONGEST_SHOWN = 80
"""Characters of a wrong value that a message shows."""


def load_experiment(path: Path, *, inventory_to_come: bool = False) -> Experiment:
    """Read and check a file. Paths that it names are relative to its folder, and made absolute.

    Its inventory fills settings that it leaves out; with `inventory_to_come` that file need not
    exist yet.
    Raises ExperimentError with file, line, key, value and what is allowed.
    """
    document = read_document(path)
    if isinstance(document.value, dict) and MATRIX in document.value:
        raise ExperimentError(
            f"{document.place((MATRIX,))}: several experiments in one file: expected "
            f"farm size --matrix {path}, or a file without it"
        )
    return experiment_in(document, path, inventory_to_come=inventory_to_come)


def experiment_in(document: Document, path: Path, *, inventory_to_come: bool = False) -> Experiment:
    """The experiment in a document that was read from the file `path`: see `load_experiment`."""
    experiment = _experiment(document)

    def written(key: str) -> bool:
        return keys_of(key) in document.lines

    if experiment.inventory is not None:
        with _at(document):
            inventory_file = setting_path(path.parent, experiment.inventory, "inventory")
            there = inventory_to_come or is_file_for("inventory", inventory_file)
        if not there:
            raise ExperimentError(
                f"{document.place(('inventory',))}: {experiment.inventory}: no such file"
                f" ({inventory_file})"
                f": `farm provision {path}` writes it"
            )
        inventory = TO_COME if inventory_to_come else load_inventory(inventory_file)
        full = with_server_of_app(filled(experiment, inventory, written), written)
        _checked(full, document)
        if not inventory_to_come:
            experiment = full
        experiment = dataclasses.replace(experiment, inventory=inventory_file)
    else:
        experiment = _checked(with_server_of_app(experiment, written), document)
    with _at(document):
        return with_paths(experiment, path.parent, written)


def load_inventory(path: Path) -> Inventory:
    """Read and check an inventory file; paths that it names are relative to its folder.

    Raises ExperimentError with file, line, key, value and what is allowed.
    """
    document = read_document(path)
    if document.value is None:
        raise ExperimentError(f"{path}:1: nothing in it: expected server: or hosts:")
    _check_schema(document.value, document, Inventory)
    inventory: Inventory = _build(Inventory, document.value, ())
    server = inventory.server
    if server is not None and not server.kurento:
        place = document.place(("server", "kurento"))
        raise ExperimentError(f"{place}: nothing: expected ws://host:8888/kurento")
    with _at(document):
        for at, host in enumerate(inventory.hosts or ()):
            check_destination(host.ssh, f"hosts[{at}].ssh.to")
        check_destination(server.ssh if server else None, "server.ssh.to")
        return dataclasses.replace(
            inventory,
            server=server
            and dataclasses.replace(
                server,
                ssh=ssh_beside(server.ssh, path.parent, "server.ssh"),
                prices=server.prices and setting_path(path.parent, server.prices, "server.prices"),
            ),
            hosts=inventory.hosts
            and tuple(
                dataclasses.replace(host, ssh=ssh_beside(host.ssh, path.parent, f"hosts[{at}].ssh"))
                for at, host in enumerate(inventory.hosts)
            ),
        )


def parse_experiment(text: str, source: str) -> Experiment:
    """An experiment from text, without checks of files; `source` is its name in messages.

    Raises ExperimentError.
    """
    document = yaml_nodes.read_yaml(text, source)
    experiment = with_server_of_app(
        _experiment(document), lambda key: keys_of(key) in document.lines
    )
    return _checked(experiment, document)


def effective(experiment: Experiment) -> Plain:
    """Every setting with its value as in a file; as YAML it can be read back."""
    return _plain_section(experiment)


def as_yaml(experiment: Experiment) -> str:
    """The text of a file with every setting, which reads back as this experiment."""
    return yaml_nodes.write_yaml(effective(experiment))


# ---------------------------------------------------------------- plain values -> Experiment


def read_document(path: Path) -> Document:
    """The YAML document in a file. Raises ExperimentError with file and line."""
    return yaml_nodes.read_yaml(text_of(path), str(path))


def _experiment(document: Document) -> Experiment:
    """The experiment with each setting validated alone."""
    if document.value is None:
        raise ExperimentError(
            f"{document.source}:1: nothing in it: `farm init one_to_one` prints one to start from"
        )
    plain = _written_out(document.value)
    _check_schema(plain, document, Experiment)
    with _at(document):
        experiment: Experiment = _build(Experiment, plain, ())
    return experiment


def _checked(experiment: Experiment, document: Document) -> Experiment:
    """The experiment, after its settings were checked against each other."""
    with _at(document):
        check(experiment)
    return experiment


@contextmanager
def _at(document: Document) -> Iterator[None]:
    """Add the place of the key with which a message begins."""
    try:
        yield
    except ExperimentError as error:
        key, _, rest = str(error).partition(": ")
        place = document.place(keys_of(key))
        raise ExperimentError(f"{place}: {rest}") from error


def _written_out(value: Any) -> Any:
    """Expand short forms as `scenario: group`, and defaults that depend on other settings."""
    if not isinstance(value, dict):
        return value
    plain = dict(value)
    if isinstance(plain.get("scenario"), str):
        plain["scenario"] = {"kind": plain["scenario"]}
    app = plain.get("app")
    if isinstance(app, dict) and app.get("url") is not None:
        plain["app"] = {"run": None, **app}
    hosts = plain.get("hosts")
    if isinstance(hosts, list):
        plain["hosts"] = [
            {"here": False, **host} if isinstance(host, dict) and host.get("ray") else host
            for host in hosts
        ]
    server = plain.get("server")
    if isinstance(server, dict) and isinstance(server.get("process"), dict):
        process = server["process"]
        if {"pid", "port", "container"} & process.keys():
            plain["server"] = {**server, "process": {"name": None, **process}}
    return plain


@functools.cache
def _validator(section: type) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema(section))


def _check_schema(plain: Any, document: Document, section: type) -> None:
    """Raises ExperimentError for the first fault in the file."""
    problems = [
        problem
        for error in _validator(section).iter_errors(plain)
        for problem in _problems(error, document)
    ]
    if problems:
        path, text = min(problems, key=lambda problem: document.lines.get(problem[0], 0))
        raise ExperimentError(f"{document.place(path)}: {text}")


def _problems(error: Any, document: Document) -> Iterable[tuple[yaml_nodes.Path, str]]:
    path: yaml_nodes.Path = tuple(error.absolute_path)
    failed: Any = error.schema
    if error.validator == "additionalProperties":
        known = failed["properties"]
        for key in error.instance:
            if key not in known:
                yield (*path, key), f"unknown key{_suggestion(key, known)}"
    else:
        lost = error.instance is None and path in document.comments
        what = document.emptied(path) if lost else _shown(error.instance)
        yield path, f"{what}: expected {failed['$comment']}"


def _suggestion(key: str, known: Mapping[str, Any]) -> str:
    close = difflib.get_close_matches(key, known, n=1)
    if close:
        return f": did you mean {close[0]}?"
    elsewhere = [
        where for where in _places_of(Experiment, ()) if where[-1] == key and len(where) > 1
    ]
    if elsewhere:
        return f": did you mean {dotted(elsewhere[0])}?"
    return f": expected one of {', '.join(known)}"


def _places_of(section: type, path: yaml_nodes.Path) -> Iterable[yaml_nodes.Path]:
    for setting in settings_of(section):
        yield (*path, setting.key)
        if setting.section is not None:
            yield from _places_of(setting.section, (*path, setting.key))


def _build(section: type, plain: Plain, path: yaml_nodes.Path) -> Any:
    """A value of `section` from `plain`, which the schema has accepted."""
    values = {
        setting.field: _value(setting, plain[setting.key], (*path, setting.key))
        for setting in settings_of(section)
        if setting.key in plain
    }
    return section(**values)


def _value(setting: Setting, plain: Any, path: yaml_nodes.Path) -> Any:
    value = plain
    if plain is None or (setting.null is not None and plain == setting.null):
        value = None
    elif setting.section is not None:
        value = _build(setting.section, plain, path)
    elif setting.unit == "roles":
        value = roles_of(plain)
    elif setting.items is not None and dataclasses.is_dataclass(setting.items):
        items = cast(type, setting.items)
        value = tuple(_build(items, item, (*path, at)) for at, item in enumerate(plain))
    elif setting.items is not None:
        value = tuple(setting.items(item) for item in plain)
    elif setting.unit == "duration":
        value = _duration_s(setting, plain, path)
    elif setting.hint is Size:
        value = _size(plain, path)
    elif setting.hint in (int, float, Path):
        value = setting.hint(plain)
    return value


def _duration_s(setting: Setting, text: str, path: yaml_nodes.Path) -> float:
    try:
        seconds = parse_duration_s(text)
    except ValueError as error:
        raise ExperimentError(f"{dotted(path)}: {error}") from error
    if setting.minimum is not None and seconds < setting.minimum:
        least = format_duration(setting.minimum)
        raise ExperimentError(f"{dotted(path)}: {text}: expected {least} or more")
    return seconds


def _size(text: str, path: yaml_nodes.Path) -> Size:
    try:
        return parse_size(text)
    except ValueError as error:
        raise ExperimentError(f"{dotted(path)}: {error}") from error


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) and value else json.dumps(value)
    return text if len(text) <= LONGEST_SHOWN else f"{text[:LONGEST_SHOWN]}..."


# ---------------------------------------------------------------- Experiment -> plain values


def _plain_section(value: Any) -> Plain:
    return {
        setting.key: plain_value(setting, getattr(value, setting.field))
        for setting in settings_of(type(value))
    }


def plain_value(setting: Setting, value: Any) -> Any:
    """A setting's value as in a file."""
    if value is None:
        return setting.null
    if setting.section is not None:
        return _plain_section(value)
    plain: Any = value
    match value:
        case _ if setting.unit == "duration":
            plain = format_duration(value)
        case _ if setting.unit == "roles":
            plain = plain_roles(value)
        case Mapping():
            plain = dict(value)
        case tuple():
            plain = [
                _plain_section(item) if dataclasses.is_dataclass(item) else item for item in value
            ]
        case Size() | Path():
            plain = str(value)
    return plain
