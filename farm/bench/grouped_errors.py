"""Errors of the farm out of groups of tasks."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from farm.errors import FarmError, first_error


@contextmanager
def errors_as_themselves() -> Iterator[None]:
    """A group of nothing but `FarmError`s comes out as the first of them; others stay groups."""
    try:
        yield
    except ExceptionGroup as group:
        ours, bugs = group.split(FarmError)
        if ours is None or bugs is not None:
            raise
        raise first_error(ours) from group
