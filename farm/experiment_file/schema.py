"""The experiment's dataclasses, as settings of a YAML file and as a JSON schema (Draft 2020-12).

`$comment` of each schema says what is expected, for messages to users. The file is written
by `python -m farm.experiment_file.schema > farm/experiment.schema.json`.
"""

from __future__ import annotations

import collections.abc
import dataclasses
import json
import sys
import types
import typing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from farm.experiment_file.session_roles import roles_schema
from farm.model.durations import DURATION_EXPECTED, DURATION_PATTERN, SIZE_EXPECTED, SIZE_PATTERN
from farm.model.experiment import Experiment, Scenario
from farm.model.setting import Size


@dataclass(frozen=True, slots=True)
class Setting:
    """One field of a section: its key in YAML and its allowed values."""

    field: str
    key: str
    hint: Any
    nullable: bool
    default: Any
    doc: str
    unit: str | None
    minimum: float | None
    maximum: float | None
    null: str | None

    @property
    def section(self) -> type | None:
        """The dataclass of a setting that is a mapping, else `None`."""
        is_section = dataclasses.is_dataclass(self.hint) and self.hint is not Size
        return typing.cast(type, self.hint) if is_section else None

    @property
    def items(self) -> Any:
        """The type of a list's items; `None` if it is no list."""
        return typing.get_args(self.hint)[0] if typing.get_origin(self.hint) is tuple else None


def settings_of(section: type) -> tuple[Setting, ...]:
    """The settings of a section's class, in the order of a file."""
    hints = typing.get_type_hints(section)
    return tuple(_setting(field, hints[field.name]) for field in dataclasses.fields(section))


def schema(section: type = Experiment) -> dict[str, Any]:
    """The schema of an experiment, for our own validation.

    Another `section` is the class of another file's settings.
    """
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"An {section.__name__.lower()} of the probe farm",
        **_section_schema(section),
    }


def file_schema() -> dict[str, Any]:
    """The schema of an experiment file for editors, which may also have a `matrix` in it."""
    whole = schema()
    values = {"anyOf": [{"type": "array", "minItems": 1}, {"type": "object", "minProperties": 1}]}
    matrix = {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": values,
        "description": "several experiments: settings with lists of values (farm size --matrix)",
    }
    return {**whole, "properties": {**whole["properties"], "matrix": matrix}}


def _setting(field: dataclasses.Field[Any], hint: Any) -> Setting:
    nullable = False
    if typing.get_origin(hint) in (types.UnionType, typing.Union):
        kept = [part for part in typing.get_args(hint) if part is not types.NoneType]
        nullable, hint = len(kept) < len(typing.get_args(hint)), kept[0]
    meta = field.metadata
    default = field.default
    if field.default_factory is not dataclasses.MISSING:
        default = field.default_factory()
    return Setting(
        field=field.name,
        key=meta.get("key") or field.name,
        hint=hint,
        nullable=nullable,
        default=default,
        doc=meta["doc"],
        unit=meta.get("unit"),
        minimum=meta.get("minimum"),
        maximum=meta.get("maximum"),
        null=meta.get("null"),
    )


def _section_schema(section: type) -> dict[str, Any]:
    members = {setting.key: _schema(setting) for setting in settings_of(section)}
    return {
        "type": "object",
        "additionalProperties": False,
        "properties": members,
        "$comment": f"a mapping with {', '.join(members)}",
    }


def _schema(setting: Setting) -> dict[str, Any]:
    described = {**_value_schema(setting), "description": setting.doc}
    return _or_null(setting, described) if setting.nullable else described


def _value_schema(setting: Setting) -> dict[str, Any]:
    if setting.hint is Scenario:
        made = _scenario_schema()
    elif setting.section is not None:
        made = _section_schema(setting.section)
    elif setting.unit == "roles":
        made = roles_schema()
    elif setting.items is not None:
        made = _list_schema(setting.items)
    elif typing.get_origin(setting.hint) is collections.abc.Mapping:
        made = {
            "type": "object",
            "additionalProperties": {"type": "string", "$comment": "text"},
            "$comment": "names with their texts, such as {X-Tenant: acme}",
        }
    elif typing.get_origin(setting.hint) is typing.Literal:
        words = list(typing.get_args(setting.hint))
        made = {"enum": words, "$comment": _either(words)}
    elif setting.hint is bool:
        made = {"type": "boolean", "$comment": "true or false"}
    elif setting.hint in (int, float) and setting.unit is None:
        made = _number_schema(setting)
    else:
        made = _text_schema(setting)
    return made


def _scenario_schema() -> dict[str, Any]:
    """The schema of `scenario`: a mapping, or only its kind."""
    section = _section_schema(Scenario)
    words = section["properties"]["kind"]["enum"]
    return {
        **section,
        "type": ["object", "string"],
        "pattern": f"^({'|'.join(words)})$",
        "$comment": f"{_either(words)}, or {section['$comment']}",
    }


def _list_schema(items: Any) -> dict[str, Any]:
    if dataclasses.is_dataclass(items):
        section = _section_schema(typing.cast(type, items))
        return {"type": "array", "minItems": 1, "items": section, "$comment": "a list, not empty"}
    if items is int:
        numbers = {"type": "integer", "minimum": 0, "$comment": "a whole number, 0 or more"}
        return {
            "type": "array",
            "minItems": 1,
            "items": numbers,
            "$comment": "a list of whole numbers such as [0, 1]",
        }
    words = {"type": "string", "$comment": "text"}
    return {"type": "array", "items": words, "$comment": "a list of words"}


def _text_schema(setting: Setting) -> dict[str, Any]:
    match setting.unit:
        case "duration":
            return {"type": "string", "pattern": DURATION_PATTERN, "$comment": DURATION_EXPECTED}
        case "size":
            return {"type": "string", "pattern": SIZE_PATTERN, "$comment": SIZE_EXPECTED}
        case _:
            return {"type": "string", "$comment": "a path" if setting.hint is Path else "text"}


def _number_schema(setting: Setting) -> dict[str, Any]:
    whole = setting.hint is int
    limits = {
        name: value
        for name, value in (("minimum", setting.minimum), ("maximum", setting.maximum))
        if value is not None
    }
    return {
        "type": "integer" if whole else "number",
        **limits,
        "$comment": ("a whole number" if whole else "a number")
        + _range(setting.minimum, setting.maximum),
    }


def _or_null(setting: Setting, value: dict[str, Any]) -> dict[str, Any]:
    """The schema `value` that also accepts null, or the setting's word for null."""
    word = setting.null
    either = {**value, "$comment": f"{value['$comment']}, or {word or 'null'}"}
    if "enum" in value:
        return {**either, "enum": [*value["enum"], *([] if word is None else [word]), None]}
    kinds = [value["type"], "null"]
    if word is None:
        return {**either, "type": kinds}
    if "pattern" not in value and value["type"] == "string":
        return {**either, "type": kinds}
    pattern = f"{value['pattern']}|^{word}$" if "pattern" in value else f"^{word}$"
    if value["type"] != "string":
        kinds.append("string")
    return {**either, "type": kinds, "pattern": pattern}


def _range(minimum: float | None, maximum: float | None) -> str:
    if minimum is not None and maximum is not None:
        return f" from {minimum:g} to {maximum:g}"
    if minimum is not None:
        return f", {minimum:g} or more"
    return "" if maximum is None else f", {maximum:g} or less"


def _either(words: list[str]) -> str:
    return words[0] if len(words) == 1 else f"{', '.join(words[:-1])} or {words[-1]}"


if __name__ == "__main__":
    sys.stdout.write(json.dumps(file_schema(), indent=1) + "\n")
