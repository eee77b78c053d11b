"""Machines of a Ray cluster: what Ray says in many lines is told in one. With a real cluster see
tests/test_many_hosts.py."""

from __future__ import annotations

import socket

import pytest

from farm.errors import BadInput
from farm.ray_hosts import RayCluster, why

MISMATCH = (
    "Version mismatch: The cluster was started with:\n    Ray: 2.60.0\n    Python: 3.12.3\n"
    "This process on Ray Client was started with:\n    Ray: 2.60.0\n    Python: 3.11.7\n"
)
RAISED_THERE = (
    "The actor died because of an error raised in its creation task, "
    "\x1b[36mray::_Actor.__init__()\x1b[39m (pid=9, ip=10.77.0.2)\n"
    "  File \"pickle.py\", line 1, in loads\nModuleNotFoundError: No module named 'farm'\n"
)
DIED = (
    "The actor died unexpectedly before finishing this task.\n\tclass_name: _Actor\n\tpid: 25747\n"
    "The actor is dead because its worker process has died. Worker exit type: SYSTEM_ERROR Some "
    "common causes include: (1) the process was killed\n"
)


NODE_DIED = (
    "The actor died unexpectedly before finishing this task.\n"
    "The actor died because its node has died. Node Id: ec00\n\tthe actor's node was terminated\n"
)


class ActorUnavailableError(Exception):
    """Called as Ray's own."""


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            RuntimeError(MISMATCH),
            "Version mismatch: The cluster was started with: Ray: 2.60.0 Python: 3.12.3 "
            "This process on Ray Client was started with: Ray: 2.60.0 Python: 3.11.7",
        ),
        (RuntimeError(RAISED_THERE), "ModuleNotFoundError: No module named 'farm'"),
        (RuntimeError(DIED), "its worker process has died"),
        (RuntimeError(NODE_DIED), "its node has died"),
        (ActorUnavailableError("RPC error rpc_code: 14"), "the machine, or Ray on it, is gone"),
        (ConnectionError(), "ConnectionError"),
    ],
)
def test_of_what_ray_says_one_line_is_left(error: Exception, line: str) -> None:
    assert why(error) == line


async def test_where_nothing_listens_is_told_at_once() -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        address = f"ray://127.0.0.1:{unheard.getsockname()[1]}"
        with pytest.raises(BadInput, match=rf"{address}: no head of a Ray cluster .*refused"):
            await RayCluster.connect(address)
