"""What doctor and run say of the media server's process."""

from __future__ import annotations

from dataclasses import replace

from farm.bench.media_server import one_of_several, process_unseen
from farm.testing.server import FACTS


def test_a_server_of_several_processes_is_said_to_be_one() -> None:
    assert one_of_several(FACTS) is None
    several = replace(FACTS, pid=25, program="node server.js", alike=3)
    assert process_unseen(several) is None
    assert one_of_several(several) == (
        "pid 25 is the busiest of that server's 3 processes (node server.js): the process' CPU and"
        " memory are its alone, the machine's those of all"
    )


def test_several_servers_leave_the_process_unknown() -> None:
    why = "2 processes are named janus, pids 10, 20: name one by server.process.port"
    unknown = process_unseen(replace(FACTS, pid=None, unseen=why))
    assert unknown is not None
    assert unknown.startswith(f"{why}; its own CPU and memory stay unknown")
