"""Takes errors of the farm out of exception groups."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from farm.errors import FarmError, first_error


@contextmanager
def errors_as_themselves() -> Iterator[None]:
    """Raise the first error of a group of `FarmError`s only; other groups stay groups."""
    try:
        yield
    except ExceptionGroup as group:
        ours, bugs = group.split(FarmError)
        if ours is None or bugs is not None:
            raise
        raise first_error(ours) from group
