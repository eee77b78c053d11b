"""What is asked each second, and how `top` comes into the samples."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.linux.control_groups import Groups
from farm.linux.frames import Frame
from farm.linux.network import Interface
from farm.model.server_samples import ServerSample
from farm.server.machine import read_machine
from farm.server.sampling import Sampling

NONE = Groups()
MACHINE = read_machine("/proc/stat:cpu0 1\n/proc/stat:cpu1 1\n")
TOP = Path(__file__).parents[2] / "data" / "top" / "procps-4.0-composite-3-members.txt"


def sampling() -> Sampling:
    return Sampling(MACHINE, Interface("eth0"), None)


def answer(number: int, uptime_s: float, threads: int = 0) -> bytes:
    stat = "(x) S 1 1 1 0 -1 0 0 0 0 0 5 0 0 0 20 0 {} 0 100 4096"
    lines = [f"@farm begin {number}", f"/proc/uptime:{uptime_s:.2f} 1"]
    lines.append(f"/proc/25719/stat:25719 {stat.format(threads)}")
    lines += [f"/proc/25719/task/{tid}/stat:{tid} {stat.format(0)}" for tid in range(threads)]
    return "\n".join([*lines, f"@farm end {number}", ""]).encode()


def asked(line: bytes) -> tuple[str, bool, bool]:
    """Whose figures, whether what is looked at seldom, and whether threads."""
    _, pid, slow, *files = line.decode().split()
    return pid, slow == "1", f"/proc/{pid}/task/*/stat" in files


def second(conversation: Sampling, at_s: int, threads: int = 0) -> ServerSample | None:
    line = conversation.ask(25719, NONE, float(at_s))
    frame = conversation.feed(answer(int(line.split()[0]), 100.0 + at_s, threads))
    assert isinstance(frame, Frame)
    return conversation.sample(frame, at_s + 0.01)


def test_descriptors_and_limits_are_looked_at_every_five_seconds_for_they_cost_the_server() -> None:
    conversation = sampling()
    counted = []
    for at_s in range(12):
        pid, descriptors, _ = asked(conversation.ask(25719, NONE, float(at_s)))
        assert pid == "25719"
        counted += [at_s] if descriptors else []
    assert counted == [0, 5, 10]


@pytest.mark.parametrize(("threads", "every_s"), [(8, 1), (100, 1), (300, 3)])
def test_many_threads_are_looked_at_less_often(threads: int, every_s: int) -> None:
    conversation = sampling()
    looks = []
    for at_s in range(10):
        line = conversation.ask(25719, NONE, float(at_s))
        number, wanted = int(line.split()[0]), asked(line)[2]
        frame = conversation.feed(answer(number, 100.0 + at_s, threads if wanted else 0))
        assert frame is not None
        made = conversation.sample(frame, at_s + 0.01)
        if wanted:
            looks.append(at_s)
        if made is not None:
            assert (made.threads is not None) == (wanted and at_s > 0)
    assert looks == list(range(0, 10, every_s))


def test_a_process_that_is_not_known_is_not_asked_for() -> None:
    conversation = sampling()
    assert asked(conversation.ask(None, NONE, 0.0)) == ("-", True, False)
    assert asked(conversation.ask(7, NONE, 1.0)) == ("7", True, True)
    assert asked(conversation.ask(8, NONE, 2.0)) == ("8", True, True)


def test_an_answer_to_an_older_question_is_passed_over() -> None:
    conversation = sampling()
    conversation.ask(25719, NONE, 0.0)
    conversation.ask(25719, NONE, 1.0)
    assert conversation.feed(answer(1, 100.0)) is None
    assert conversation.feed(answer(2, 101.0)) is not None


def test_top_comes_raw_and_in_figures_with_the_next_sample() -> None:
    conversation = sampling()
    assert second(conversation, 0) is None
    said = TOP.read_text()
    iterations = [f"top - {text}" for text in said.split("top - ")[1:]]
    conversation.feed_top("".join(iterations[:2]).encode())
    before = second(conversation, 1)
    assert before is not None
    assert before.top_text is before.top_cpu_percent is None
    conversation.feed_top(iterations[2].encode())
    made = second(conversation, 2)
    assert made is not None
    assert made.top_text == iterations[1]
    assert made.top_cpu_percent == pytest.approx(87.8)
    assert made.top_process_cpu_percent == 84.2


def test_a_top_that_is_not_understood_is_kept_raw_and_gives_no_figures() -> None:
    conversation = sampling()
    second(conversation, 0)
    conversation.feed_top(b"top - 1\n" + b"top - 2\nThreads: 3 total\n" + b"top - 3\n")
    made = second(conversation, 1)
    assert made is not None
    assert made.top_text == "top - 2\nThreads: 3 total\n"
    assert made.top_cpu_percent is made.top_process_cpu_percent is None


def test_a_successor_s_own_network_is_looked_at_after_a_reset() -> None:
    conversation = Sampling(MACHINE, Interface("eth0", inside=25719), None)
    assert conversation.arguments == ("eth0", "1", "0")
    dev = "face\n eth0: {} 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0"
    received = []
    for at_s, (pid, counted) in enumerate([(25719, 5), (25719, 130), (7, 1000), (7, 1250)]):
        line = conversation.ask(pid, NONE, float(at_s))
        assert f"/proc/{pid}/net/dev" in line.decode().split()
        files = {"/proc/uptime": f"{100 + at_s} 1", f"/proc/{pid}/net/dev": dev.format(counted)}
        made = conversation.sample(Frame(at_s, files), at_s + 0.01)
        received.append(None if made is None else made.received_bps)
    assert received == [None, 1000.0, None, 2000.0]
