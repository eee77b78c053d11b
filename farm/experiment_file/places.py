"""Adds the place of a setting to errors that are raised after the file was read."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from farm.errors import BadInput, ServerUnreachable
from farm.experiment_file.yaml_nodes import keys_of, read_yaml
from farm.files.text_file import text_of


@contextmanager
def placed(file: Path | None, options: Mapping[str, str]) -> Iterator[None]:
    """Put the setting's place before a message that begins with its key, `server.kurento: ...`.

    The place is the option of the command line if `options` has one for the key, else file and line
    if `file` has the key. Where the option is empty the key is left out: what follows names the
    place.
    Other messages, and those about defaults, stay as they are.
    """
    try:
        yield
    except (BadInput, ServerUnreachable) as error:
        key, _, rest = str(error).partition(": ")
        if key in options:
            place = f"{options[key]}: " if options[key] else ""
            raise type(error)(f"{place}{rest}") from error
        line = None if file is None else _line(file, key)
        if line is None:
            raise
        raise type(error)(f"{file}:{line}: {error}") from error


def _line(file: Path, key: str) -> int | None:
    """The line of the setting in `file`."""
    try:
        return read_yaml(text_of(file), str(file)).lines.get(keys_of(key))
    except BadInput:
        return None
