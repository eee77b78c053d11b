"""How a story's errors reach the command line."""

from __future__ import annotations

import asyncio

import pytest

from farm.cli.stopping import run_to_end
from farm.errors import NoSpace


async def fails_in_tasks(*errors: Exception) -> None:
    async def fail(error: Exception) -> None:
        raise error

    async with asyncio.TaskGroup() as outer, asyncio.TaskGroup() as inner:
        for error in errors:
            inner.create_task(fail(error))
        outer.create_task(asyncio.sleep(60))


def test_a_full_disk_met_in_a_task_is_told_as_a_full_disk() -> None:
    with pytest.raises(NoSpace, match="disk is full"):
        run_to_end(fails_in_tasks(NoSpace("the disk is full"), NoSpace("the disk is full")))


def test_a_bug_is_not_hidden_behind_it() -> None:
    with pytest.raises(ExceptionGroup):
        run_to_end(fails_in_tasks(NoSpace("the disk is full"), ZeroDivisionError()))


def test_what_a_story_returns_is_returned() -> None:
    async def story() -> int:
        return 42

    assert run_to_end(story()) == 42
