"""Which process listens on a port: here, in a container, behind a forwarder, of another user."""

from __future__ import annotations

import pytest

from farm.model.server_settings import ProcessSettings
from farm.server.process import MediaServerProcess, choose_process, unseen_reason
from tests.farm.server.listed import KURENTO, SYSTEM, process

PORT = ProcessSettings(port=8888)
HIDDEN = "something listens on TCP port 8888 there, but this login may not see which process it is"
PASTA = "/usr/bin/pasta --config-net -t 8888-8888:{} -u none --netns /run/user/1000/netns/x"


def listening(*networks: tuple[int, int]) -> str:
    """Each network's listener on port 8888, by pid (0: hidden) and inode; the login's own first."""
    socket = "   0: 00000000:22B8 00000000:0000 0A 0:0 00:0 0 0 0 {} 1 0\n"
    tables = [socket.format(inode) if inode else "" for _, inode in networks]
    return "@farm network\n".join([tables[0], *tables]) + held(*networks)


def held(*sockets: tuple[int, int]) -> str:
    """The sockets' links in /proc, by pid and inode."""
    return "".join(
        f"/proc/{pid}/fd:\nlrwx------ 1 root root 64 Nov 1 00:00 9 -> socket:[{inode}]\n"
        for pid, inode in sockets
        if pid and inode
    )


def docker_proxy(pid: int, inside: int, protocol: str = "tcp", port: int = 8888) -> str:
    return process(
        pid,
        "docker-proxy",
        f"/usr/bin/docker-proxy -proto {protocol} -host-ip 0.0.0.0 -host-port {port}"
        f" -container-ip 172.17.0.2 -container-port {inside}",
    )


def test_a_port_is_found_by_the_socket_that_listens() -> None:
    said = (
        "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid inode\n"
        "   0: 00000000:22B8 00000000:0000 0A 00000000:00000000 00:00000000 00000000 0 0 7788 1 0\n"
        "   1: 0100007F:22B8 0100007F:9999 01 00000000:00000000 00:00000000 00000000 0 0 7799 1 0\n"
    ) + held((1, 7799), (25, 7788))
    everything = said + SYSTEM + KURENTO
    assert choose_process(PORT, everything) == MediaServerProcess(25, 25)
    assert choose_process(ProcessSettings(port=8889), everything) is None


def test_a_port_of_this_network_is_not_taken_for_that_of_another() -> None:
    busy, mine = process(30, "node", "node other.js", ticks=900), process(25, "node", "node sfu.js")
    here = listening((25, 7788), (30, 7799)) + SYSTEM + busy + mine
    assert choose_process(PORT, here) == MediaServerProcess(25, 25)
    in_one_container = listening((1, 0), (30, 7799)) + SYSTEM + busy + mine
    assert choose_process(PORT, in_one_container) == MediaServerProcess(30, 30)
    in_two = listening((1, 0), (25, 7788), (30, 7799)) + SYSTEM + busy + mine
    assert choose_process(PORT, in_two) is None
    assert unseen_reason(PORT, in_two) == (
        "2 networks (containers) of that machine have a process that listens on TCP port 8888, "
        "pids 25, 30: name it by server.process.container or pid"
    )


def test_two_servers_at_one_port_of_two_addresses_are_two() -> None:
    one, other = process(30, "node", "node a.js", ticks=900), process(25, "node", "node b.js")
    said = listening((25, 7788)) + listening((30, 7799)).partition("@farm network")[0]
    said = listening((30, 7799)).partition("@farm network")[0] + said + held((30, 7799))
    said += SYSTEM + one + other
    assert choose_process(PORT, said) is None
    assert unseen_reason(PORT, said) == (
        "2 processes listen on TCP port 8888 there, pids 25, 30: name one by server.process.name,"
        " container or pid"
    )


def test_those_that_share_a_socket_are_one_server() -> None:
    workers = process(30, "node", "node a.js", ticks=900) + process(25, "node", "node a.js")
    shared = listening((25, 7788)) + held((30, 7788), (1, 7788)) + SYSTEM + workers
    assert choose_process(PORT, shared) == MediaServerProcess(30, 30)


@pytest.mark.parametrize(
    "forwarder",
    [
        docker_proxy(40, 8888),
        process(40, "conmon", "/usr/bin/conmon --api-version 1"),
        process(40, "rootlessport", "rootlessport"),
        process(40, "pasta.avx2", PASTA.format("8888-8888")),
        process(40, "pasta", PASTA.format("8888-8888")),
    ],
)
def test_what_holds_a_published_port_is_not_the_server_in_the_container(forwarder: str) -> None:
    said = listening((40, 7700), (25, 7788)) + SYSTEM + forwarder + KURENTO
    assert choose_process(PORT, said) == MediaServerProcess(25, 25)


@pytest.mark.parametrize(
    ("name", "forwarder"),
    [
        ("docker-proxy", docker_proxy(40, 9999)),
        ("pasta", process(40, "pasta.avx2", PASTA.format("9999-9999"))),
        ("pasta", process(40, "pasta", PASTA.format("9999-9999").replace("8888-8", "[::]/8880-8"))),
    ],
)
def test_the_server_behind_another_port_of_a_container_is_not_guessed(
    name: str, forwarder: str
) -> None:
    why = f"{name} forwards TCP port 8888 there to a container: name it by server.process.container"
    for stranger in ((25, 7788), (1, 0)):
        said = listening((40, 7700), stranger) + SYSTEM + forwarder + KURENTO
        assert choose_process(PORT, said) is None
        assert unseen_reason(PORT, said) == why


def test_a_forwarder_of_another_user_is_known_by_its_arguments() -> None:
    said = listening((0, 7700), (25, 7788)) + SYSTEM + KURENTO
    assert choose_process(PORT, said + docker_proxy(40, 8888)) == MediaServerProcess(25, 25)
    assert choose_process(PORT, said + docker_proxy(40, 9999)) is None
    for of_another_port in (docker_proxy(40, 8888, "udp"), docker_proxy(40, 8888, port=80)):
        assert choose_process(PORT, said + of_another_port) is None
        assert unseen_reason(PORT, said + of_another_port) == HIDDEN


def test_a_listener_here_that_is_hidden_is_not_passed_over_for_a_container() -> None:
    said = listening((0, 7700), (25, 7788)) + SYSTEM + KURENTO
    assert choose_process(PORT, said) is None
    assert unseen_reason(PORT, said) == HIDDEN
