"""What goes over the line comes out as it went in."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.errors import (
    BadInput,
    BrowserError,
    FarmError,
    GeneratorError,
    JoinError,
    MissingTool,
    ProcessError,
)
from farm.hosts.rpc import (
    EvidenceBatch,
    Question,
    RemoteError,
    RemoteScreenshot,
    Reply,
    name_of,
    packed,
    raised,
    trouble_of,
    unpacked,
)
from farm.model.page_address import Login
from farm.model.page_opening import ClientCertificate, PageOpening, StorageState
from farm.model.page_samples import ConnectionReport, PageReport, ProbeEvent
from farm.model.trial_plan import ProbePlan

PLAN = ProbePlan("p000", "s000", "caller", "b", 0.5, {"probe": "p000"}, ("video",), ("video",))
SEEN = (
    PageReport("p000", 1.0, 2.0, 3.0, 0.0, (ConnectionReport("c0", "connected", 0.5, (), ()),)),
    ProbeEvent("p000", "console", 2.0, "a line"),
    RemoteScreenshot("mid-call.png", b"\x89PNG"),
)
SCREENSHOTS = Path("/run/screenshots")


OPENING = PageOpening(
    login=Login("me", "word"),
    own={"p000": {"token": "t-1"}},
    environment={"env:KEY": "k"},
    storage_states={"p000": StorageState({"cookies": [], "origins": []})},
    client_certificates=(ClientCertificate("https://h", b"cert", b"key", "pass"),),
)


@pytest.mark.parametrize(
    "value", [Question("start", (PLAN,)), Question("open", (OPENING,)), Question("close")]
)
def test_a_question_arrives_as_it_was_asked(value: Question) -> None:
    assert unpacked(packed(value), Question) == value


@pytest.mark.parametrize(
    "value",
    [
        Reply(EvidenceBatch(SEEN, ended=True)),
        Reply(trouble=RemoteError("join", "p000: not within 30 s", "timeout", "p000.png")),
    ],
)
def test_an_answer_arrives_as_it_was_given(value: Reply) -> None:
    assert unpacked(packed(value), Reply) == value


def test_repeated_figures_take_little_room() -> None:
    batch = Reply(EvidenceBatch(SEEN * 100, ended=False))
    assert len(packed(batch)) < 2000


def test_something_else_on_the_channel_is_not_taken_for_an_answer() -> None:
    with pytest.raises(TypeError, match="Question received, not Reply"):
        unpacked(packed(Question("close")), Reply)


@pytest.mark.parametrize(
    ("error", "comes_out", "says"),
    [
        (JoinError("timeout", "p000: not in"), JoinError, "p000: not in"),
        (BrowserError("p000: crashed"), BrowserError, "host b: p000: crashed"),
        (MissingTool("no Chromium"), BadInput, "host b: no Chromium"),
        (ProcessError("did not start"), GeneratorError, "host b: did not start"),
        (FarmError("whatever"), GeneratorError, "host b: whatever"),
    ],
)
def test_an_error_is_raised_again_and_names_the_host(
    error: FarmError, comes_out: type[FarmError], says: str
) -> None:
    trouble = unpacked(packed(Reply(trouble=trouble_of(error))), Reply).trouble
    assert trouble is not None
    again = raised(trouble, "b", SCREENSHOTS)
    assert type(again) is comes_out
    assert str(again) == says


def test_a_failed_join_keeps_its_reason_and_finds_its_picture_here() -> None:
    there = JoinError("dialog", "p000: room full", Path("/tmp/host/screenshots/p000.png"))
    here = raised(trouble_of(there), "b", SCREENSHOTS)
    assert isinstance(here, JoinError)
    assert (here.reason, here.screenshot) == ("dialog", SCREENSHOTS / "p000.png")


def test_files_are_called_by_what_is_in_them() -> None:
    assert name_of(b"clip", ".mp4") == name_of(b"clip", ".mp4")
    assert name_of(b"clip", ".mp4") != name_of(b"clap", ".mp4")
    assert name_of(b"clip", ".mp4").endswith(".mp4")
