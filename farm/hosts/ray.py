"""Machines of a Ray cluster. The only importer of Ray, which the extra `cluster` installs.

The controller is a client of the cluster (`ray://host:10001`), not one of its machines: one
connection suffices. On each machine an actor answers questions; their meaning is the caller's.
Ray is called from one thread a cluster, as a connection belongs to the thread that made it.
"""

from __future__ import annotations

import asyncio
import logging
import os
import re
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from typing import Any, Protocol, TypeVar
from urllib.parse import urlsplit

from farm.errors import BadInput, HostLost, MissingTool
from farm.hosts.reachable import unreached
from farm.model.destination import in_url
from farm.model.inventory import RAY_PORT

T = TypeVar("T")

REACHED_WITHIN_S = 5.0
CONNECTED_WITHIN_S = 150.0
TOO_SLOW = "Starting Ray client server failed"
ANSWERED_WITHIN_S = 60.0
ACTOR_WITHIN_S = 60.0
END_WITHIN_S = 5.0
AT_ONCE = 10_000
"""Questions that an actor answers at the same time: most of them wait for a page."""

DEAD = re.compile(r"The actor (?:is dead|died) because (its [^.]*)")
COLOURS = re.compile(r"\x1b\[[0-9;]*m")


class Service(Protocol):
    """Answers questions on a machine."""

    async def answer(self, question: bytes) -> bytes: ...


@dataclass(frozen=True, slots=True)
class RayMachine:
    """A live machine of a cluster; `name` is that of `ray start --node-name`, or its address."""

    name: str
    address: str
    cores: int
    node: str


class RayCluster:
    """A connection to one cluster, made by `connect`; the caller closes it."""

    def __init__(self, ray: Any, address: str, thread: ThreadPoolExecutor) -> None:
        self.address = address
        self._ray = ray
        self._thread = thread
        self._context: Any = None

    @classmethod
    async def connect(cls, address: str, load: Callable[[], Any] | None = None) -> RayCluster:
        """Connect to `ray://host:port`; `load` gives Ray's module, by default the installed one.

        Raises MissingTool without Ray, BadInput where no head answers.
        """
        head = urlsplit(address)
        host, port = head.hostname or "", head.port or RAY_PORT
        # Ray itself would try for half a minute.
        failure = await unreached(host, port, REACHED_WITHIN_S)
        if failure is not None:
            raise BadInput(f"{address}: no head of a Ray cluster answers there ({failure})")
        ray = (load or _ray)()
        thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ray")
        cluster = cls(ray, address, thread)
        try:
            async with asyncio.timeout(CONNECTED_WITHIN_S):
                await cluster._connected(f"ray://{in_url(host)}:{port}")
        except (TimeoutError, OSError, RuntimeError, ray.exceptions.RayError) as error:
            thread.shutdown(wait=False, cancel_futures=True)
            late = f"not within {CONNECTED_WITHIN_S:g} s"
            reason = late if isinstance(error, TimeoutError) else why(error)
            raise BadInput(f"{address}: Ray refused this client: {reason}") from error
        return cluster

    async def _connected(self, address: str) -> None:
        """Connect, again as long as the head gives up on its own process for this client, which is
        slow to start after `ray start`."""
        while True:
            try:
                return await self._do(self._connect, address)
            except ConnectionAbortedError as error:
                if TOO_SLOW not in str(error):
                    raise

    def _connect(self, address: str) -> None:
        # Its messages go into our errors; output of hosts stays in Ray's logs there.
        quiet = {"logging_level": logging.CRITICAL, "log_to_driver": False}
        self._context = self._ray.init(address, allow_multiple=True, **quiet)
        # Kept for good: this thread does nothing else.
        self._context.__enter__()

    async def machines(self) -> tuple[RayMachine, ...]:
        """Live machines with CPUs for actors (`ray start --num-cpus 0` excludes a machine).

        Raises HostLost when the head does not answer.
        """
        nodes = await self._asked(self._ray.nodes)
        alive = [
            RayMachine(
                name=str(node.get("NodeName") or node["NodeManagerAddress"]),
                address=str(node["NodeManagerAddress"]),
                cores=int(node["Resources"].get("CPU", 0)),
                node=str(node["NodeID"]),
            )
            for node in nodes
            if node["Alive"]
        ]
        return tuple(sorted((m for m in alive if m.cores > 0), key=lambda machine: machine.name))

    async def open_channel(self, machine: str, serve: Callable[[], Service]) -> RayChannel:
        """Start a process on this machine that answers with `serve()`, which Ray sends there.

        Raises HostLost when the cluster has no such machine any more.
        """
        there = {each.name: each for each in await self.machines()}
        if machine not in there:
            raise HostLost(f"the cluster at {self.address} does not have it any more")
        node = there[machine].node

        def start() -> Any:
            strategy = self._ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
            options = {
                "num_cpus": 0,
                "max_restarts": 0,
                "max_concurrency": AT_ONCE,
                "scheduling_strategy": strategy(node, soft=False),
            }
            return self._ray.remote(_Actor).options(**options).remote(serve)

        channel = RayChannel(self, await self._asked(start))
        try:
            async with asyncio.timeout(ACTOR_WITHIN_S):
                await channel.ready()
        except TimeoutError:
            await channel.cut()
            raise HostLost(f"no process of ours there within {ACTOR_WITHIN_S:g} s") from None
        except BaseException:
            await channel.cut()
            raise
        return channel

    async def close(self) -> None:
        """End everything that it started. Idempotent; returns within seconds."""
        context, self._context = self._context, None
        if context is not None:
            with suppress(Exception):
                async with asyncio.timeout(END_WITHIN_S):
                    await self._do(context.disconnect)
            self._thread.shutdown(wait=False, cancel_futures=True)

    async def _asked(self, call: Callable[[], T]) -> T:
        """The result of `call`, within `ANSWERED_WITHIN_S`. Raises HostLost."""
        try:
            async with asyncio.timeout(ANSWERED_WITHIN_S):
                return await self._do(call)
        except (TimeoutError, OSError, RuntimeError, self._ray.exceptions.RayError) as error:
            reason = "no answer" if isinstance(error, TimeoutError) else why(error)
            raise HostLost(f"the cluster at {self.address}: {reason}") from error

    async def _do(self, call: Callable[..., T], *given: Any) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call, *given)


class RayChannel:
    """Implements `RpcChannel`: questions to one actor."""

    def __init__(self, cluster: RayCluster, actor: Any) -> None:
        self._cluster = cluster
        self._actor: Any = actor

    async def ready(self) -> None:
        await self._call(self._actor.ready.remote)

    async def ask(self, question: bytes) -> bytes:
        """Raises HostLost when the actor, its machine or the cluster is gone."""
        answer: bytes = await self._call(self._actor.answer.remote, question)
        return answer

    async def cut(self) -> None:
        """Kill the actor. Idempotent, never raises, returns within seconds."""
        actor, self._actor = self._actor, None
        if actor is not None:
            with suppress(Exception):
                async with asyncio.timeout(END_WITHIN_S):
                    await self._cluster._do(self._cluster._ray.kill, actor)

    async def _call(self, method: Callable[..., Any], *given: Any) -> Any:
        def call() -> Future[Any]:
            future: Future[Any] = method(*given).future()
            return future

        try:
            # Ray logs an error if the answer of a cancelled future still comes.
            return await asyncio.shield(asyncio.wrap_future(await self._cluster._do(call)))
        except (OSError, RuntimeError, self._cluster._ray.exceptions.RayError) as error:
            raise HostLost(why(error)) from error


class _Actor:
    """Runs in a process that Ray starts on a machine of the cluster."""

    def __init__(self, serve: Callable[[], Service]) -> None:
        self._service = serve()

    async def ready(self) -> None: ...

    async def answer(self, question: bytes) -> bytes:
        return await self._service.answer(question)


def ray_version() -> str | None:
    """The version of the installed Ray; `None` if there is none."""
    try:
        return version("ray")
    except PackageNotFoundError:
        return None


def _ray() -> Any:
    # Otherwise a call after the connection broke starts a new cluster on this machine, and under
    # `uv run farm` Ray copies this folder, and uv, to all hosts.
    os.environ["RAY_ENABLE_AUTO_CONNECT"] = os.environ["RAY_ENABLE_UV_RUN_RUNTIME_ENV"] = "0"
    try:
        import ray
        import ray.exceptions
        import ray.util.scheduling_strategies
    except ImportError as error:
        python = f"{sys.version_info.major}.{sys.version_info.minor}"
        raise MissingTool(
            "hosts of a Ray cluster need Ray, which is not installed here: "
            f"pip install 'probe-farm[cluster]' (Python {python})"
        ) from error
    return ray


def why(error: BaseException) -> str:
    """Ray's error in one line; of a remote traceback its last line."""
    kind = type(error).__name__
    if kind == "ActorUnavailableError":
        return "the machine, or Ray on it, is gone"
    lines = [line.strip() for line in COLOURS.sub("", str(error)).split("\n") if line.strip()]
    if not lines:
        return kind
    dead = DEAD.search("\n".join(lines))
    if dead is not None:
        return dead[1]
    if any(line.startswith("ray::") or " ray::" in line for line in lines):
        return lines[-1]
    return " ".join(lines)
