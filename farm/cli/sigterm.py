"""SIGTERM, for verbs that are no event loop."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def stopped_as_by_ctrl_c() -> Iterator[None]:
    """SIGTERM ends the body as Ctrl-C does: what it began is finished or taken back."""
    before = signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
