"""Machines of a Ray cluster: what Ray says in many lines is told in one. With a real cluster see
tests/test_many_hosts.py."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from farm.errors import BadInput
from farm.hosts.ray import TOO_SLOW, RayCluster, why

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


class SlowHead:
    """Stands for Ray: its first processes for a client come too late."""

    def __init__(self, failures: list[Exception]) -> None:
        self.failures = failures
        self.taken = False
        self.exceptions = SimpleNamespace(RayError=Exception)

    def init(self, _address: str, **_settings: object) -> SlowHead:
        if self.failures:
            raise self.failures.pop(0)
        return self

    def __enter__(self) -> None:
        self.taken = True

    def disconnect(self) -> None:
        self.taken = False


async def test_a_head_that_was_slow_for_its_first_client_is_asked_again(head: int) -> None:
    late = f"Initialization failure from server:\n{TOO_SLOW}. See ray_client_server_23000.err"
    slow = SlowHead([ConnectionAbortedError(late), ConnectionAbortedError(late)])
    cluster = await RayCluster.connect(f"ray://127.0.0.1:{head}", lambda: slow)
    assert slow.taken
    await cluster.close()
    assert not slow.taken


async def test_a_head_that_takes_no_such_client_is_not_asked_again(head: int) -> None:
    refusing = SlowHead([RuntimeError(MISMATCH)])
    with pytest.raises(BadInput, match="Ray refused this client: Version mismatch"):
        await RayCluster.connect(f"ray://127.0.0.1:{head}", lambda: refusing)


@pytest.fixture
def head() -> Iterator[int]:
    """A port at which something listens."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        yield listening.getsockname()[1]


async def test_where_nothing_listens_is_told_at_once() -> None:
    with socket.socket() as unheard:
        unheard.bind(("127.0.0.1", 0))
        address = f"ray://127.0.0.1:{unheard.getsockname()[1]}"
        with pytest.raises(BadInput, match=rf"{address}: no head of a Ray cluster .*refused"):
            await RayCluster.connect(address)
