"""`top` as three programs write it, from recorded bytes."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.server.top import Top, TopReader, TopRefused, parse_top

RECORDED = Path(__file__).parents[2] / "data" / "top"
PROCPS_4 = (RECORDED / "procps-4.0-composite-3-members.txt").read_bytes()
BUSYBOX = (RECORDED / "busybox-1.35-one-busy-core-of-2.txt").read_bytes()
THREADS = (RECORDED / "procps-4.0-threads-composite-3-members.txt").read_bytes()
NEXT = b"top - 23:13:51 up\n"

GERMAN = """\
top - 10:07:12 up 12 Tage,  3:04,  1 user,  load average: 0,52, 0,48, 0,40
Tasks: 201 total,   1 running, 200 sleeping,   0 stopped,   0 zombie
%Cpu(s): 12,5 us,  2,1 sy,  0,4 ni, 79,0 id,  1,0 wa,  0,0 hi,  1,0 si,  4,0 st
MiB Spch:   7950,3 gesamt,   5120,0 frei,   1024,1 belegt,   1806,2 Puff/Cache

    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM    ZEIT+ BEFEHL
   1234 kurento   20   0 1877772 220172  35744 S 131,3   2,7   0:28,16 kurento-media-s
      1 root      20   0  168140  11304   8200 S   0,0   0,1   0:03,01 systemd
"""

ONE_ROW_A_CORE = """\
top - 10:07:12 up 12 days,  3:04,  1 user,  load average: 0.52, 0.48, 0.40
Tasks: 201 total,   1 running, 200 sleeping,   0 stopped,   0 zombie
%Cpu0  :100.0 us,  0.0 sy,  0.0 ni,  0.0 id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st
%Cpu1  : 10.0 us, 10.0 sy,  0.0 ni, 80.0 id,  0.0 wa,  0.0 hi,  0.0 si,  0.0 st

    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ COMMAND
"""


def read(data: bytes) -> list[str]:
    return TopReader().feed(data)


def test_the_first_iteration_is_dropped_and_the_last_waits_for_its_end() -> None:
    assert PROCPS_4.count(b"\ntop - ") + 1 == 5
    assert len(read(PROCPS_4)) == 3
    assert len(read(PROCPS_4 + NEXT)) == 4


def test_the_figures_of_procps_4() -> None:
    tops = [parse_top(text) for text in read(PROCPS_4 + NEXT)]
    assert all(isinstance(top, Top) for top in tops)
    first = tops[0]
    assert isinstance(first, Top)
    assert first.cpu_percent == pytest.approx(73.8 + 12.7 + 1.3)
    assert first.process_cpu_percent(25719, cores=2) == 84.2
    assert first.process_cpu_percent(1, cores=2) is None


def test_decimal_commas_are_read_and_stolen_time_is_not_ours() -> None:
    top = parse_top(GERMAN)
    assert isinstance(top, Top)
    assert top.cpu_percent == pytest.approx(12.5 + 2.1 + 0.4 + 1.0)
    assert top.process_cpu_percent(1234, cores=2) == 131.3


def test_a_row_for_each_core_is_averaged() -> None:
    top = parse_top(ONE_ROW_A_CORE)
    assert isinstance(top, Top)
    assert top.cpu_percent == pytest.approx(60)


def test_busybox_counts_a_process_in_shares_of_the_machine() -> None:
    tops = [parse_top(text) for text in read(BUSYBOX + b"Mem: 1K used\n")]
    assert len(tops) == 2
    top = tops[0]
    assert isinstance(top, Top)
    assert top.cpu_percent == 50
    assert top.process_percent == {2: 50, 1: 0, 3: 0, 4: 0}
    assert top.process_cpu_percent(2, cores=2) == 100


def test_busybox_columns_may_hold_a_core_and_a_state_with_blanks() -> None:
    top = parse_top(
        "Mem: 1K used\nCPU:  41.5% usr   1.5% sys   0% nic  57% idle   0% io   0% irq   0% sirq\n"
        "  PID  PPID USER     STAT   VSZ %VSZ CPU %CPU COMMAND\n"
        "25719     1 kurento  S <  1834m  7.1%   0 20.7% kurento-media-server -f x\n"
        "   12     2 root     SW       0   0%   1   0% [kworker]\n"
    )
    assert isinstance(top, Top)
    assert top.cpu_percent == 43
    assert top.process_percent == {25719: 20.7, 12: 0}


def test_thread_mode_is_refused_for_its_leader_s_row_is_the_whole_process() -> None:
    for text in read(THREADS + NEXT):
        refused = parse_top(text)
        assert isinstance(refused, TopRefused)
        assert "thread mode" in refused.reason


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("sh: 1: top: not found\n", "no line of CPU shares"),
        ("top - x\n%Cpu(s): many us\n  PID %CPU\n", "not understood: 'many us'"),
        ("top - x\n%Cpu(s): 1.0 us, 99.0 id\n", "no table of processes"),
        ("Mem: 1K used\nCPU: 1% usr 99% idle\n", "no table of processes"),
    ],
)
def test_what_is_not_understood_is_refused_with_a_reason(text: str, reason: str) -> None:
    refused = parse_top(text)
    assert isinstance(refused, TopRefused)
    assert reason in refused.reason


@given(
    data=st.sampled_from([PROCPS_4, BUSYBOX]),
    cuts=st.lists(st.integers(0, len(PROCPS_4)), max_size=12),
)
def test_pieces_may_be_cut_anywhere(data: bytes, cuts: list[int]) -> None:
    reader = TopReader()
    texts: list[str] = []
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(data)], strict=True):
        texts += reader.feed(data[start:end])
    assert texts == read(data)


@given(st.text())
def test_no_text_breaks_it(text: str) -> None:
    assert isinstance(parse_top(text), Top | TopRefused)
    assert isinstance(parse_top("top - x\n%Cpu(s): 1.0 us, 99.0 id\nPID %CPU\n" + text), Top)
