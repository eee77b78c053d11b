import dataclasses
import os
import socket

import psutil
import pytest

from farm.analysis.same_machine import is_same_machine
from farm.bench.server_machine import ThisMachine, listening_here, machine_of
from farm.model.experiment import Experiment
from farm.model.host_samples import HostFacts
from farm.model.server_samples import ServerFacts
from farm.model.server_settings import Price, ServerSettings
from farm.results.cost import MachinePrice, PriceTable

REAL = Experiment(server=ServerSettings(kurento="ws://203.0.113.10:8888/kurento"))
FACTS = ServerFacts("media-1", "6.1", 8, "Xeon", 16 * 10**9, "kurento", 7, "eth0", "ssh", 10e9)
HOST = HostFacts("here", "office", "laptop", 4, 8 * 10**9, "6.2", "156")
SAME = dataclasses.replace(HOST, hostname="media-1", cores=8, memory_bytes=16 * 10**9, kernel="6.1")


def test_a_server_of_its_own() -> None:
    machine = machine_of(REAL, FACTS, [HOST])
    assert (machine.cores, machine.memory_bytes, machine.network_bps) == (8, 16 * 10**9, 10e9)
    assert not machine.shared


@pytest.mark.parametrize("server", [REAL.server, ServerSettings(local=True), ServerSettings()])
def test_a_host_that_is_the_servers_machine_makes_it_shared_however_it_is_reached(
    server: ServerSettings,
) -> None:
    experiment = Experiment(server=server)
    assert machine_of(experiment, FACTS, [HOST, SAME]).shared
    assert not machine_of(experiment, FACTS, [HOST]).shared


def test_an_instance_carries_no_more_than_its_type_may() -> None:
    price = MachinePrice("c4.2xlarge", "us-east-1", 0.398, 8, network_gbps=1.0)
    table = PriceTable("USD", "2026-11-01", "a list", (price,))
    server = dataclasses.replace(REAL.server, price=Price(machine="c4.2xlarge"))
    machine = machine_of(Experiment(server=server), FACTS, [HOST], table)
    assert machine.network_bps == 1e9


def test_cores_of_the_embedded_server_are_its_own() -> None:
    machine = machine_of(Experiment(server=ServerSettings(cores=(1,))), FACTS, [SAME])
    assert (machine.process_cores, machine.shared, machine.own_cores) == (1, True, True)


def test_what_listens_where_the_server_is_said_to_be_is_found_on_this_machine() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        urls = (f"ws://127.0.0.1:{port}/kurento", None, "https://203.0.113.10/")
        assert listening_here(urls) == (os.getpid(),)
        assert listening_here((f"http://localhost:{port}/", urls[0])) == (os.getpid(),)
        assert listening_here((f"ws://203.0.113.10:{port}/kurento",)) == ()
    assert listening_here((None,)) == ()


def test_this_machine_is_the_one_that_a_look_at_it_finds() -> None:
    memory_bytes = psutil.virtual_memory().total
    kernel = f"{os.uname().sysname} {os.uname().release}"  # as `uname -sr` on a server has it
    found = dataclasses.replace(
        FACTS, hostname=socket.gethostname(), kernel=kernel, memory_bytes=memory_bytes
    )
    assert is_same_machine(found, ThisMachine())
    assert not is_same_machine(FACTS, ThisMachine())
