"""Every kind of step in a real page."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from farm.errors import JoinError
from farm.model.driver import (
    AcceptDialog,
    Check,
    ChosenFile,
    Click,
    DismissDialog,
    DoubleClick,
    Evaluate,
    GoBack,
    Hover,
    Mute,
    Pause,
    Press,
    Reload,
    SetFiles,
    Step,
    Uncheck,
    Unmute,
    WaitFor,
    Where,
)
from farm.model.webrtc_stats import InboundRtp

pytestmark = pytest.mark.live

NewPage = Callable[..., Awaitable[Any]]


async def opened(new_page: NewPage, url: str) -> Any:
    probe = await new_page()
    await probe.goto(url)
    return probe


async def done(probe: Any, *steps: Step) -> str:
    """What the page says was done by these steps."""
    for step in steps:
        await probe.page.run(step)
    said = "document.querySelector('#done').textContent"
    script = f"() => {{ console.error('done: ' + {said}) }}"
    before = len(probe.witness.events("console"))
    await probe.page.run(Evaluate(script, "done.js"))
    await probe.witness.until(lambda: len(probe.witness.events("console")) > before)
    text = probe.witness.events("console")[-1].message
    return str(text.removeprefix("done: "))


async def failure(probe: Any, step: Step) -> JoinError:
    with pytest.raises(JoinError) as caught:
        await probe.page.run(step)
    assert "\n" not in str(caught.value)
    return caught.value


TWO = (ChosenFile("a.txt", b"one"), ChosenFile("b.png", b"two"))


@pytest.mark.parametrize(
    ("steps", "text"),
    [
        ((Click("#name"), Press("a"), Press("Control+B")), "key a;key ctrl Control;key ctrl B;"),
        ((Press("Enter", "#name"),), "key Enter;"),
        ((Check("#agree"), Check("#agree"), Uncheck("#agree")), "agree true;agree false;"),
        ((Click("#call-now"),), "called;"),
        ((DoubleClick("#call-now"),), "called;called;called twice;"),
        ((Hover("#menu"),), "hovered;"),
        (
            (SetFiles("#files", TWO), WaitFor("#done", text="two")),  # it reads them one by one
            "a.txt text/plain one;b.png image/png two;",
        ),
        ((Click(".join"),), "joined;"),
        ((AcceptDialog("Blue"), Click("#ask")), "answer Blue;"),
        ((AcceptDialog(), Click("#ask")), "answer none;"),
        ((DismissDialog(), Click("#ask")), "answer null;"),
        ((Pause(0.1), WaitFor(text="please wait"), WaitFor("p", text="wait", count="1")), ""),
        ((Click("#more"), Click("#more"), WaitFor("li", state="attached", count="2")), ""),
        ((Click("#later"), WaitFor(url="**/room/*"), WaitFor(url=r"/room\/\d$/")), ""),
        ((Click("#call-now"), Reload(), WaitFor(network_idle=True)), ""),
    ],
)
async def test_a_step_does_what_a_user_does(
    new_page: NewPage, steps_app: str, steps: tuple[Step, ...], text: str
) -> None:
    assert await done(await opened(new_page, f"{steps_app}steps"), *steps) == text


async def test_states_of_elements_are_waited_for(new_page: NewPage, steps_app: str) -> None:
    probe = await opened(new_page, f"{steps_app}steps?spinner=400")
    assert not await probe.page.holds(WaitFor("#spinner", state="hidden", within_s=0.05))
    for step in (
        WaitFor("#spinner", state="hidden"),
        WaitFor("#spinner", state="attached"),
        WaitFor("#nothing", state="detached"),
        WaitFor(".join", state="visible"),
    ):
        await probe.page.run(step)
    assert await probe.page.holds(WaitFor("#menu", within_s=0.5))
    assert not await probe.page.holds(WaitFor("#cookies", within_s=0.1))


async def test_a_page_is_gone_back_to(new_page: NewPage, steps_app: str) -> None:
    probe = await opened(new_page, f"{steps_app}steps")
    await probe.goto(f"{steps_app}login")
    await probe.page.run(GoBack())
    await probe.page.run(WaitFor("#call-now"))
    assert "there is no page before this one" in str(await failure(probe, GoBack()))


async def test_frames_of_another_origin_are_reached(new_page: NewPage, steps_app: str) -> None:
    other = steps_app.replace("127.0.0.1", "localhost")
    probe = await opened(new_page, f"{steps_app}steps?frame={other}steps?frame={steps_app}steps")
    inner = Where(("#inner", "#inner"))
    for step in (
        Click("#call-now", where=inner),
        WaitFor(function="document.querySelector('#done').textContent === 'called;'", where=inner),
        WaitFor(text="called;", where=inner),
        Press("x", "#name", where=inner),
    ):
        await probe.page.run(step)
    assert await done(probe) == ""


async def test_a_page_that_asks_whether_it_may_be_left_is_left(
    new_page: NewPage, steps_app: str
) -> None:
    probe = await opened(new_page, f"{steps_app}steps?unload")
    await probe.page.run(Click("#call-now"))
    await probe.goto(f"{steps_app}login")
    error = await failure(probe, WaitFor("#room", within_s=0.3))
    assert error.reason == "login"
    assert "the page asks for a login" in str(error)
    assert "dialog" not in str(error)


CONNECT = """async () => {
    const near = new RTCPeerConnection(), far = new RTCPeerConnection();
    near.onicecandidate = ({ candidate }) => far.addIceCandidate(candidate);
    far.onicecandidate = ({ candidate }) => near.addIceCandidate(candidate);
    far.ontrack = ({ track }) => {
        document.querySelector("#screen").srcObject = new MediaStream([track]);
    };
    near.addTrack(shared.getVideoTracks()[0], shared);
    await near.setLocalDescription();
    await far.setRemoteDescription(near.localDescription);
    await far.setLocalDescription();
    await near.setRemoteDescription(far.localDescription);
}"""


async def test_a_pages_button_shares_a_moving_screen(
    new_page: NewPage, steps_app: str, tmp_path: Path
) -> None:
    probe = await opened(new_page, f"{steps_app}steps")
    shares = await done(probe, Click("#share"), WaitFor(function="window.shared"))
    assert shares == "shares monitor 1280x720;"
    await probe.page.run(Evaluate(CONNECT, "connect.js"))
    await probe.page.run(WaitFor(function="document.querySelector('#screen').currentTime > 1"))
    (sender,) = probe.witness.events("sender")[:1]
    assert sender.data["source"] == "screen"

    def frames(report: Any) -> list[int]:
        stats = [stat for each in report.connections for stat in each.stats]
        return [stat.framesDecoded for stat in stats if isinstance(stat, InboundRtp)]

    (before,) = frames(await probe.witness.report(frames))
    await probe.witness.report(lambda report: frames(report) and frames(report)[0] > before + 10)
    assert await probe.page.screenshot(tmp_path / "shared.png")


async def test_what_a_page_sends_is_muted_and_unmuted(new_page: NewPage, call_app: str) -> None:
    probe = await opened(new_page, f"{call_app}call?calls=1")
    await probe.page.run(WaitFor(function="document.querySelector('#remote').currentTime > 0.5"))
    await probe.page.run(Mute("camera"))
    await probe.page.run(WaitFor(function="!calls[0].stream.getVideoTracks()[0].enabled"))
    await probe.page.run(WaitFor(function="calls[0].stream.getAudioTracks()[0].enabled"))
    await probe.page.run(Mute("microphone"))
    await probe.page.run(WaitFor(function="!calls[0].stream.getAudioTracks()[0].enabled"))
    await probe.page.run(Unmute("camera"))
    await probe.page.run(WaitFor(function="calls[0].stream.getVideoTracks()[0].enabled"))
    lines = [event.message for event in probe.witness.events("sender")]
    assert any(line.startswith("sends camera video") and "disabled" in line for line in lines)
