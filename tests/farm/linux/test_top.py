"""`top` as three programs write it, from recorded bytes."""

from __future__ import annotations

import re
from itertools import pairwise
from pathlib import Path
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.linux.top import Top, TopReader, TopRefused, parse_top

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
        ("top - x\n%Cpu(s): 1.0 us, 0.0 sy, 0.0 ni, 99.0 id\n", "no table of processes"),
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
    head = "top - x\n%Cpu(s): 1.0 us, 0 sy, 0 ni, 99.0 id\nPID %CPU\n"
    assert isinstance(parse_top(head + text.replace("%C", "")), Top)


@pytest.mark.parametrize("language", ["german", "french"])
def test_other_languages_are_read_by_the_order_of_shares(language: str) -> None:
    data = (RECORDED / f"procps-4.0-{language}.txt").read_bytes()
    texts = read(data + NEXT)
    assert len(texts) == 2
    for text in texts:
        top = parse_top(text)
        assert isinstance(top, Top)
        assert 95 < top.cpu_percent <= 100  # it was a busy machine
        assert len(top.process_percent) == 8
        assert max(top.process_percent.values()) > 20


# ---------------------------------------------------------------- made up, and then spoilt

LANGUAGES = {
    "C": ("Tasks", "Cpu", "us", ".", "COMMAND"),
    "de": ("Tasks", "CPU", "us", ",", "BEFEHL"),
    "fr": ("Tâches", "Cpu", "ut", ",", "COM."),
}
MEMORY = {
    "3.3": "KiB Mem : 24684092 total,  1 free,  2 used,  3 buff/cache",
    "4.0": "MiB Mem :  24105.6 total,  1.0 free,  2.0 used,  3.0 buff/cache",
}


@st.composite
def procps(draw: st.DrawFn) -> tuple[str, float, dict[int, float]]:
    """A text of procps, and the figures that it holds."""
    tasks, cpu, us, point, command = LANGUAGES[draw(st.sampled_from(sorted(LANGUAGES)))]
    cores = draw(st.integers(1, 192))
    each = draw(st.booleans())
    names = (us, "sy", "ni", "id", "wa", "hi", "si", "st")
    lines = [
        "top - 10:07:12 up 12 days,  3:04,  1 user,  load average: 0.52, 0.48, 0.40",
        f"{tasks}: 201 total,   1 running, 200 sleeping,   0 stopped,   0 zombie",
    ]
    busy = []
    for number in range(cores if each else 1):
        cuts = sorted(draw(st.lists(st.integers(0, 1000), min_size=7, max_size=7)))
        tenths = [high - low for low, high in pairwise([0, *cuts, 1000])]
        busy.append(sum(tenths[i] for i in (0, 1, 2, 5, 6)) / 10)
        shares = ", ".join(
            f"{tenth / 10:4.1f} {name}" for tenth, name in zip(tenths, names, strict=True)
        )
        label = f"%{cpu}{number:<3}:" if each else f"%{cpu}(s):"
        lines.append(label + shares.replace(".", point))
    lines += [MEMORY[draw(st.sampled_from(sorted(MEMORY)))].replace(".", point), ""]
    lines.append(
        f"    PID USER      PR  NI    VIRT    RES    SHR S  %CPU  %MEM     TIME+ {command}"
    )
    rows = draw(st.dictionaries(st.integers(1, 4_194_304), st.integers(0, 10 * 100 * cores)))
    for pid, tenths_of_percent in rows.items():
        percent = f"{tenths_of_percent / 10:.1f}".replace(".", point)
        lines.append(
            f"{pid:7} kurento   20   0 1877772 220172  35744 S {percent:>5}   2{point}7"
            f"   0:28{point}16 kurento-media-s"
        )
    expected = {pid: tenths_of_percent / 10 for pid, tenths_of_percent in rows.items()}
    return "\n".join([*lines, ""]), sum(busy) / len(busy), expected


@given(procps())
def test_every_version_language_and_number_of_cores_is_read(
    made: tuple[str, float, dict[int, float]],
) -> None:
    text, busy, processes = made
    top = parse_top(text)
    assert isinstance(top, Top)
    assert top.cpu_percent == pytest.approx(busy, abs=0.01)
    assert top.process_percent == pytest.approx(processes)


@given(procps(), st.data())
def test_a_text_that_was_cut_says_what_is_true_or_nothing(
    made: tuple[str, float, dict[int, float]], data: st.DataObject
) -> None:
    text, busy, processes = made
    top = parse_top(text[: data.draw(st.integers(0, len(text)))])
    if isinstance(top, Top):
        assert "%Cpu0" in text or "%CPU0" in text or top.cpu_percent == pytest.approx(busy, abs=1.1)
        for pid, percent in top.process_percent.items():
            assert percent == pytest.approx(processes[pid])
    else:
        assert top.reason


_GARBAGE = st.text(
    st.characters(exclude_characters="\n\r", exclude_categories=("Cs",)), max_size=60
).filter(lambda line: not re.match(r" *\d|top - |Mem:|%C|CPU", line) and "PID" not in line)


@given(procps(), st.lists(_GARBAGE, max_size=20), st.randoms(use_true_random=False))
def test_lines_of_others_in_between_are_passed_over(
    made: tuple[str, float, dict[int, float]], garbage: list[str], order: Random
) -> None:
    text, busy, processes = made
    lines = text.split("\n")
    for line in garbage:
        lines.insert(order.randrange(2, len(lines) + 1), line)
    top = parse_top("\n".join(lines))
    assert isinstance(top, Top)
    assert top.cpu_percent == pytest.approx(busy, abs=0.01)
    assert top.process_percent == pytest.approx(processes)


@given(procps())
def test_a_cpu_line_that_lacks_shares_is_refused(
    made: tuple[str, float, dict[int, float]],
) -> None:
    text = re.sub(r"^(%C.*?:) *[\d.,]+ (?:us|ut), ", r"\1", made[0], count=1, flags=re.MULTILINE)
    refused = parse_top(text)
    assert isinstance(refused, TopRefused)
    assert "not understood" in refused.reason


@pytest.mark.parametrize("word", ["Threads", "Hilos", "Потоки"])
def test_thread_mode_is_refused_in_any_language(word: str) -> None:
    refused = parse_top(GERMAN.replace("Tasks:", f"{word}:"))
    assert isinstance(refused, TopRefused)
    assert "thread mode" in refused.reason
