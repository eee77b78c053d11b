"""Sockets, queues and allowances, as `/proc`, `tc` and `ethtool` write of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.linux.network import (
    Interface,
    Queue,
    Traffic,
    UdpSocket,
    read_allowances,
    read_listen_drops,
    read_queue,
    read_traffic,
    read_udp,
    read_udp_sockets,
)

DEV = """\
Inter-|   Receive                                                |  Transmit
 face |bytes    packets errs drop fifo frame compressed multicast|bytes    packets errs drop
    lo: 7 1    0    0    0     0          0         0 7 1    0    0    0     0       0          0
  eth0:499122723   15428    3    4    0     0          0         0  979542    9632    0    5 0 0 0 0
"""
UDP = """\
   sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
  101: 0100007F:138E 00000000:0000 07 00000000:00001B00 00:00000000 00000000 0 0 7788 2 00 9
  102: 0100007F:0035 00000000:0000 07 00000000:00000000 00:00000000 00000000 0 0 1 2 00 5000
"""
UDP6 = """\
  sl  local_address   remote_address  st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode
  100: 00000000000000000000000000000000:138D 00000000000000000000000000000000:0000 07 \
00000000:00000300 00:00000000 00000000     0        0 7799 2 0000000000000000 4
"""


def test_the_interface_s_traffic_is_read_and_no_other_s() -> None:
    files = {"/proc/net/dev": DEV, "/proc/9/net/dev": DEV.replace("eth0:4991", "eth0:5")}
    assert read_traffic(files, Interface("eth0")) == Traffic(
        499122723, 15428, 3, 4, 979542, 9632, 5
    )
    inside = read_traffic(files, Interface("eth0", inside=9))
    assert inside is not None
    assert inside.received_bytes == 522723
    assert read_traffic(files, Interface("eth1")) is None
    assert read_traffic(files, None) is None


def test_the_process_own_sockets_of_both_families_are_told_by_their_inodes() -> None:
    files = {"/proc/9/net/udp": UDP, "/proc/9/net/udp6": UDP6}
    own = read_udp_sockets(files, 9, frozenset({7788, 7799, 42}))
    assert own == {7788: UdpSocket(0x1B00, 9), 7799: UdpSocket(0x300, 4)}
    assert read_udp_sockets(files, 9, frozenset()) == {}


def test_sockets_that_may_not_be_seen_are_unknown() -> None:
    assert read_udp_sockets({"/proc/9/net/udp": UDP}, 9, None) is None
    assert read_udp_sockets({}, 9, frozenset({7788})) is None
    assert read_udp_sockets({"/proc/net/udp": UDP}, None, None) is None


def test_udp_errors_of_both_families_are_one_figure() -> None:
    snmp = "Udp: InDatagrams NoPorts InErrors RcvbufErrors SndbufErrors\nUdp: 1 2 3 4 5"
    six = "Udp6InDatagrams         \t9\nUdp6NoPorts \t10\nUdp6InErrors\t20\nUdp6RcvbufErrors 40"
    udp = read_udp({"/proc/net/snmp": snmp, "/proc/net/snmp6": six}, 9)
    assert udp is not None
    assert (udp.no_ports, udp.in_errors, udp.receive_buffer_errors) == (12, 23, 44)
    assert udp.send_buffer_errors == 5


def test_connections_that_found_no_room() -> None:
    netstat = (
        "TcpExt: SyncookiesSent ListenOverflows ListenDrops\nTcpExt: 0 3 4\nIpExt: A\nIpExt: 1"
    )
    assert read_listen_drops({"/proc/9/net/netstat": netstat}, 9) == 4
    assert read_listen_drops({"/proc/net/netstat": "TcpExt: A\nTcpExt: 0"}, 9) is None


# ---------------------------------------------------------------- queues

NOQUEUE = (
    '[{"kind":"noqueue","handle":"0:","root":true,"refcnt":2,"options":{},"bytes":0,"packets":0,'
    '"drops":0,"overlimits":0,"requeues":0,"backlog":0,"qlen":0}]'
)
TBF = (
    '[{"kind":"tbf","handle":"8001:","root":true,"refcnt":2,"options":{"rate":2500000,'
    '"burst":20480,"lat":50000},"bytes":280200,"packets":300,"drops":75,"overlimits":586,'
    '"requeues":0,"backlog":24780,"qlen":7}]'
)
HTB = (
    '[{"kind":"htb","handle":"1:","root":true,"refcnt":2,"options":{"r2q":10,"default":"%s",'
    '"direct_packets_stat":0,"direct_qlen":1000},"bytes":0,"packets":0,"drops":12,"overlimits":0,'
    '"requeues":0,"backlog":300,"qlen":0},{"kind":"pfifo","handle":"20:","parent":"1:10","options":'
    '{"limit":50},"bytes":0,"packets":0,"drops":5,"overlimits":0,"requeues":0,"backlog":90,"qlen":0}]'
)
CLASSES = (
    "class htb 1:10 parent 1:1 leaf 20: prio 0 rate 1Mbit ceil 6Mbit burst 1600b cburst 1599b ",
    "class htb 1:1 root rate 8Mbit ceil 4500Kbit burst 1600b cburst 1598b ",
    "class htb 1:20 root prio 0 rate 1Gbit ceil 2Gbit burst 1375b cburst 1250b ",
)
SIMPLE = '[{"kind":"%s","handle":"1:","root":true,"options":%s,"drops":0,"backlog":0}]'
# Several queues of a card, one with a pace for each flow, and what comes in is policed.
MQ = (
    '[{"kind":"mq","handle":"0:","root":true,"options":{},"drops":4,"backlog":30},'
    '{"kind":"fq","handle":"0:","parent":":2","options":{"limit":10000,"maxrate":125000},"drops":3,'
    '"backlog":20},{"kind":"ingress","handle":"ffff:","parent":"ffff:fff1","options":{},"drops":9,'
    '"backlog":0}]'
)


@pytest.mark.parametrize(
    ("said", "classes", "queue"),
    [
        (NOQUEUE, (), Queue(None, 0, 0)),
        (TBF, (), Queue(20e6, 75, 24780)),
        (HTB % "0x10", CLASSES, Queue(4.5e6, 12, 300)),
        (HTB % "0x20", CLASSES, Queue(2e9, 12, 300)),
        (HTB % "0", CLASSES, Queue(2e9, 12, 300)),
        (HTB % "0x10", (), Queue(None, 12, 300)),
        (MQ, (), Queue(None, 13, 30)),
        (SIMPLE % ("netem", '{"rate":{"rate":125000}}'), (), Queue(1e6, 0, 0)),
        (SIMPLE % ("cake", '{"bandwidth":"unlimited"}'), (), Queue(None, 0, 0)),
    ],
)
def test_a_shaper_s_limit_and_what_waits_at_it(
    said: str, classes: tuple[str, ...], queue: Queue
) -> None:
    assert read_queue(said, classes) == queue


@pytest.mark.parametrize(
    "said", [None, "", "[", "[]", "{}", "[1]", 'Object "nft" is unknown', "null"]
)
def test_a_tc_that_is_not_there_or_says_something_else_is_unknown(said: str | None) -> None:
    assert read_queue(said) is None


def test_what_a_cloud_held_back_is_read_by_name() -> None:
    lines = ("bw_in_allowance_exceeded: 0", "pps_allowance_exceeded: 4711")
    assert read_allowances(lines) == {"bw_in_allowance_exceeded": 0, "pps_allowance_exceeded": 4711}
    assert read_allowances(()) is None


@given(st.text(), st.lists(st.text()))
def test_no_text_breaks_it(text: str, lines: list[str]) -> None:
    read_queue(text, lines)
    read_queue(HTB % "0x10", lines)
    read_allowances(lines)
    files = {f"/proc/9/net/{name}": text for name in ("dev", "udp", "udp6", "snmp", "netstat")}
    read_traffic(files, Interface("lo", inside=9))
    read_udp(files, 9)
    read_listen_drops(files, 9)
    read_udp_sockets(files, 9, frozenset({1}))
