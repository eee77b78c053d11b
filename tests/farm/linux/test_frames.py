"""Frames of the sampling script survive being cut, and never mix with what is not theirs."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from farm.linux.frames import Frame, FrameReader, proc_files

SAID = b"""\
@farm begin 7
/proc/uptime:12.00 3.00
/proc/stat:cpu  1 2 3
/proc/stat:cpu0 1 2 3
/proc/9/stat:9 (a:b) c) S 1
/sys/fs/cgroup/a:b/cpu.stat:usage_usec 5
@farm socket 123
@farm socket 456
@farm queues [{"kind": "tbf"}]
@farm end 7
"""
FRAME = Frame(
    7,
    {
        "/proc/uptime": "12.00 3.00",
        "/proc/stat": "cpu  1 2 3\ncpu0 1 2 3",
        "/proc/9/stat": "9 (a:b) c) S 1",
        "/sys/fs/cgroup/a:b/cpu.stat": "usage_usec 5",
    },
    {"socket": ("123", "456"), "queues": ('[{"kind": "tbf"}]',)},
)


def test_a_frame_is_a_text_for_each_file() -> None:
    assert FrameReader().feed(SAID) == [FRAME]


def test_what_is_not_counted_is_unknown() -> None:
    assert FrameReader().feed(b"@farm begin 1\n@farm end 1\n") == [Frame(1, {})]


@given(cuts=st.lists(st.integers(0, 3 * len(SAID)), max_size=20))
def test_pieces_may_be_cut_anywhere(cuts: list[int]) -> None:
    data = SAID * 3
    reader = FrameReader()
    frames = []
    for start, end in zip([0, *sorted(cuts)], [*sorted(cuts), len(data)], strict=True):
        frames += reader.feed(data[start:end])
    assert frames == [FRAME] * 3


_GARBAGE = st.binary(max_size=40).filter(lambda data: b"@farm" not in data and b"/" not in data)


@given(garbage=st.lists(_GARBAGE, min_size=11, max_size=11))
def test_lines_of_others_are_passed_over(garbage: list[bytes]) -> None:
    lines = SAID.splitlines(keepends=True)
    mixed = b"".join(
        noise + b"\n" + line for noise, line in zip(garbage, [*lines, b""], strict=True)
    )
    assert FrameReader().feed(mixed) == [FRAME]


def test_a_frame_cut_short_by_the_next_is_dropped() -> None:
    reader = FrameReader()
    assert reader.feed(b"@farm begin 6\n/proc/uptime:1.00 1.00\n" + SAID) == [FRAME]
    assert reader.feed(b"@farm begin 8\n/proc/uptime:1.00 1.00\n@farm end 9\n" + SAID) == [FRAME]
    assert reader.feed(b"/proc/uptime:1.00 1.00\n@farm end 7\n") == []


def test_an_endless_line_does_not_fill_the_memory() -> None:
    reader = FrameReader()
    for _ in range(40):
        reader.feed(b"x" * 100_000)
    assert reader.feed(b"\n" + SAID) == [FRAME]


@given(st.binary())
def test_no_bytes_break_it(data: bytes) -> None:
    FrameReader().feed(data + b"\n" + SAID)
    proc_files(data.decode(errors="replace").split("\n"))
