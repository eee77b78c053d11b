"""`manager_ServerManager`: the server's information, objects, CPU and memory."""

from __future__ import annotations

import asyncio
import json
import os
import time
from collections.abc import Callable
from importlib.resources import files
from typing import ClassVar

from infra.embedded_kurento import definitions as kmd
from infra.embedded_kurento.errors import marshall_error
from infra.embedded_kurento.objects import (
    Json,
    MediaObject,
    ObjectTree,
    complex_type,
    operation,
    reads,
)

MANAGER_ID = "manager_ServerManager"

PROTOCOL_VERSION = "7.3.0"
"""The version of Kurento whose protocol is spoken; clients compare it with theirs."""

_EMPTY_MODULES: dict[str, frozenset[str]] = {"filters": frozenset()}
"""Modules listed because Kurento's JavaScript client expects them; they are not here."""

METADATA = {
    "implementation": "probe-farm embedded media server",
    "note": "speaks Kurento's protocol, is not Kurento; for trying out and for tests",
}


class ServerManager(MediaObject):
    """The object that always exists. `sessions` lists the ids of the live sessions."""

    type_name: ClassVar[str] = "ServerManager"

    def __init__(
        self, tree: ObjectTree, factories: list[str], sessions: Callable[[], list[str]]
    ) -> None:
        super().__init__(tree, None, MANAGER_ID)
        self._factories = factories
        self._sessions = sessions
        tree.on_created = self._created
        tree.on_destroyed = self._destroyed

    @reads("info")
    def read_info(self) -> Json:
        return complex_type(
            "ServerInfo",
            capabilities=[],
            modules=[
                complex_type(
                    "ModuleInfo",
                    factories=sorted(set(self._factories) & names),
                    generationTime="",
                    name=module,
                    version=PROTOCOL_VERSION,
                )
                for module, names in {**kmd.definitions().modules, **_EMPTY_MODULES}.items()
            ],
            type="KMS",
            version=PROTOCOL_VERSION,
        )

    @reads("pipelines")
    def read_pipelines(self) -> list[str]:
        return [each.id for each in self.tree.of_type("MediaPipeline")]

    @reads("sessions")
    def read_sessions(self) -> list[str]:
        return self._sessions()

    @reads("metadata")
    def read_metadata(self) -> str:
        return json.dumps(METADATA)

    @operation
    def get_kmd(self, module_name: str) -> str:
        if module_name not in kmd.definitions().modules:
            raise marshall_error(f"No module '{module_name}'")
        return files(kmd.__name__).joinpath(f"{module_name}.kmd.json").read_text(encoding="utf-8")

    @operation
    def get_cpu_count(self) -> int:
        """Cores this process may use (sched_getaffinity)."""
        return len(os.sched_getaffinity(0))

    @operation
    async def get_used_cpu(self, interval: int) -> float:
        """Percent of all cores that this process may use, over the next `interval` ms."""
        started_s, used_s = time.monotonic(), time.process_time()
        await asyncio.sleep(interval / 1000)
        elapsed_s = max(time.monotonic() - started_s, 1e-3)
        return 100.0 * (time.process_time() - used_s) / elapsed_s / self.get_cpu_count()

    @operation
    def get_used_memory(self) -> int:
        """Resident memory in KiB."""
        with open("/proc/self/statm", encoding="ascii") as statm:  # noqa: PTH123 - not a file
            pages = int(statm.read().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") // 1024

    def _created(self, created: MediaObject) -> None:
        self.emit("ObjectCreated", object=created.id)

    def _destroyed(self, object_id: str) -> None:
        self.emit("ObjectDestroyed", objectId=object_id)
