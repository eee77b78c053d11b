"""Texts with `{name}` in them: which names they have, and the text with their values. Pure.

`{env:NAME}` is a variable of the environment; a whole text `env:NAME` is the same. Other braces
(`{}`, `{ a: 1 }`) are just text.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

ENVIRONMENT = "env:"

_ENVIRONMENT_NAME = r"[A-Za-z_][A-Za-z0-9_]*"
_NAME = re.compile(rf"\{{([a-z][a-z0-9_]*|{ENVIRONMENT}{_ENVIRONMENT_NAME})\}}")
_WHOLE = re.compile(rf"{ENVIRONMENT}{_ENVIRONMENT_NAME}")


def template_of(text: str) -> str:
    """The text as a template: `env:NAME` becomes `{env:NAME}`."""
    return f"{{{text}}}" if _WHOLE.fullmatch(text) else text


def environment_name(setting: str) -> str | None:
    """The variable that a setting `env:NAME` names; `None`: it is another text."""
    return setting.removeprefix(ENVIRONMENT) if _WHOLE.fullmatch(setting) else None


def names_in(template: str) -> tuple[str, ...]:
    """The names of its variables, those of the environment as `env:NAME`."""
    return tuple(_NAME.findall(template))


def environment_in(template: str) -> tuple[str, ...]:
    """The names of the variables of the environment in it, without `env:`."""
    return tuple(
        name.removeprefix(ENVIRONMENT)
        for name in names_in(template)
        if name.startswith(ENVIRONMENT)
    )


def is_environment_name(text: str) -> bool:
    return re.fullmatch(_ENVIRONMENT_NAME, text) is not None


def fill_in(template: str, variables: Mapping[str, str]) -> str:
    """The template with these values; unknown names stay as they are."""
    return _NAME.sub(lambda name: variables.get(name[1], name[0]), template)


def filled_in_all(value: Any, variables: Mapping[str, str]) -> Any:
    """A value of JSON with each text in it filled in; names of members stay."""
    if isinstance(value, str):
        return fill_in(value, variables)
    if isinstance(value, dict):
        return {name: filled_in_all(each, variables) for name, each in value.items()}
    if isinstance(value, list):
        return [filled_in_all(each, variables) for each in value]
    return value
