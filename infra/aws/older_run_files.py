"""Files of runs that older farms put directly beside the inventory, without a marker."""

from __future__ import annotations

import os
import stat
from collections.abc import Sequence
from pathlib import Path

from infra.aws.marked_folder import kind_of
from infra.aws.run_record import RECORD, RunRecord, record_in, run_of


def older_record(inventory: Path, folder: Path) -> RunRecord | None:
    """The record of a run whose files an older farm put directly beside its inventory.

    `folder` is where the run's files would be now.
    """
    try:
        path = inventory.parent / RECORD
        found = record_in(path) if kind_of(path) == stat.S_IFREG else None
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return None
    if found is None:
        return None
    its_own = folder == inventory.parent and kind_of(folder) == stat.S_IFDIR
    return found if its_own or run_of(inventory) == found.run else None


def forget_older(inventory: Path, folder: Path, keys: Sequence[str]) -> tuple[Path, ...]:
    """Remove the record and the inventory, which name the run; returns the files that stay.

    `keys` may be another's, and stay.
    """
    where, record = inventory.parent, older_record(inventory, folder)
    if record is None:
        return ()
    if kind_of(where) != stat.S_IFDIR:
        return (where,)
    if run_of(inventory) == record.run:
        inventory.unlink()
    (where / RECORD).unlink()
    return tuple(where / name for name in keys if os.path.lexists(where / name))
