"""Writes the text of `farm init`: every setting, its default and its meaning."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from farm.experiment_file.reading import plain_value
from farm.experiment_file.schema import Setting, settings_of
from farm.model.experiment import AppSettings, Experiment, Scenario, ScenarioKind
from farm.model.server_settings import ProcessSettings, ServerSettings
from farm.model.session_roles import RoleStreams, SessionRole

_COMMENT_COLUMN = 34

EXAMPLE_URL = "https://media.example.org/"
EXAMPLE_ROLES = (
    SessionRole("host", sends=("audio", "video")),
    SessionRole(
        "guest",
        sends=("audio",),
        count=3,
        receives=(RoleStreams("host", "audio"), RoleStreams("host", "video")),
    ),
)


def template(kind: ScenarioKind) -> str:
    """A commented experiment of that scenario; it reads back as the defaults.

    One of roles of your own has two for example, and a page and driver to be replaced.
    """
    experiment = Experiment(scenario=Scenario(kind=kind))
    if kind == "custom":
        experiment = replace(
            experiment,
            scenario=Scenario(kind=kind, roles=EXAMPLE_ROLES),
            app=AppSettings(run=None, url=EXAMPLE_URL, driver="my_driver.yaml"),
            server=ServerSettings(kurento=None, process=ProcessSettings(name=None)),
        )
    but = ", but roles, url and driver: put in yours" if kind == "custom" else ""
    head = [
        f"# An experiment of the probe farm. Each line is a default and may be left out{but}.",
        "# Try one load with `farm run FILE`, search for the capacity with `farm size FILE`.",
        "",
    ]
    return "\n".join([*head, *_section(experiment, "")]) + "\n"


def _section(value: Any, indent: str) -> Iterator[str]:
    for setting in settings_of(type(value)):
        yield from _entry(setting, getattr(value, setting.field), indent)


def _entry(setting: Setting, value: Any, indent: str) -> Iterator[str]:
    if setting.unit == "roles" and value is not None:
        yield _commented(f"{indent}{setting.key}:", setting.doc)
        for name, role in plain_value(setting, value).items():
            yield f"{indent}  {name}: {_flow(role)}"
    elif setting.section is not None and value is not None:
        yield from _spaced(indent, _commented(f"{indent}{setting.key}:", setting.doc))
        yield from _section(value, indent + "  ")
    elif setting.section is not None:
        yield _commented(f"{indent}{setting.key}: null", setting.doc)
        yield f"{indent}# {setting.key}:"
        yield from (f"{indent}#   {line}" for line in _section(setting.section(), ""))
    elif setting.items is not None and isinstance(setting.items, type) and value:
        yield from _spaced(indent, _commented(f"{indent}{setting.key}:", setting.doc))
        for item in value:
            first, *rest = _section(item, indent + "    ")
            yield f"{indent}  - {first.lstrip()}"
            yield from rest
    else:
        plain = plain_value(setting, value)
        yield _commented(f"{indent}{setting.key}: {_scalar(plain)}", setting.doc)


def _spaced(indent: str, line: str) -> Iterator[str]:
    """Add an empty line above a top-level section."""
    if not indent:
        yield ""
    yield line


def _commented(text: str, doc: str) -> str:
    return f"{text:<{_COMMENT_COLUMN}}  # {doc}"


def _flow(plain: Any) -> str:
    """Plain words, lists and mappings on one line."""
    match plain:
        case dict():
            return f"{{{', '.join(f'{key}: {_flow(value)}' for key, value in plain.items())}}}"
        case list():
            return f"[{', '.join(map(_flow, plain))}]"
    return _scalar(plain)


def _scalar(plain: Any) -> str:
    """A scalar as YAML, unquoted if that reads back as the same text."""
    if isinstance(plain, str) and re.match(r"^[A-Za-z0-9./~][^:#{}\[\],&*!|>'\"%@`]*$", plain):
        return plain
    return json.dumps(plain)
