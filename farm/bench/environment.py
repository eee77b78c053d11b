"""Reads secrets from the environment; a message names the variable, never its value."""

from __future__ import annotations

import os

from farm.errors import BadInput
from farm.model.page_address import Login


def environment_value(name: str, place: str) -> str:
    """The variable's value; `place` is the setting or line that names it.

    Raises BadInput if it is not set, or empty.
    """
    value = os.environ.get(name)
    if not value:
        state = "not set" if value is None else "empty"
        raise BadInput(f"{place}: {name} is {state} in the environment: expected its value there")
    if not value.isprintable():
        raise BadInput(f"{place}: {name} in the environment is no single line of text")
    return value


def environment_login(name: str, place: str) -> Login:
    """User and password of a variable that holds `user:password`. Raises BadInput."""
    user, colon, password = environment_value(name, place).partition(":")
    if not colon or not user:
        raise BadInput(f"{place}: {name} in the environment has another form: user:password")
    return Login(user, password)
