"""Steps of a driver in a real page, how they fail, and what its pictures show."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any
from urllib.parse import quote

import psutil
import pytest

from farm.errors import JoinError
from farm.model.driver import AcceptDialog, Click, Fill, Goto, Select, WaitFor
from farm.model.trial_plan import AccessLink
from farm.model.webrtc_stats import InboundRtp, RemoteInboundRtp

pytestmark = pytest.mark.live

NewPage = Callable[..., Awaitable[Any]]

NEVER = WaitFor(function="document.body.dataset.state === 'in call'", within_s=0.5)


async def test_steps_do_what_a_user_does(new_page: NewPage, call_app: str) -> None:
    probe = await new_page()
    for step in (
        Goto(f"{call_app}call?calls=1"),
        Fill("#name", "p000"),
        Click("#register"),
        WaitFor(function="document.body.dataset.name === 'p000'"),
        Select("#room", "Blue room"),
        WaitFor(function="document.body.dataset.room === 'blue'"),
        Select("#room", "red"),
        WaitFor(function="document.body.dataset.room === 'red'"),
        AcceptDialog(),
        Click("#confirm"),
        WaitFor(function="() => document.body.dataset.confirmed === 'true'"),
        WaitFor(selector="#remote"),
        WaitFor(function="calls[0].far.connectionState === 'connected'"),
    ):
        await probe.page.run(step)


async def test_a_probe_costs_one_renderer(new_page: NewPage, call_app: str) -> None:
    """Chromium gives pages of its own user interface, which nobody sees, a renderer each."""
    probes = [await new_page() for _ in range(3)]
    for probe in probes:
        await probe.goto(f"{call_app}call?calls=1")
    await probes[-1].witness.report(lambda report: report.connections)
    renderers = []
    for each in psutil.Process(probes[0].browser.pid).children(recursive=True):
        with suppress(psutil.NoSuchProcess):  # ended meanwhile
            renderers += [each] if "--type=renderer" in each.cmdline() else []
    own_page, in_reserve = 1, 1
    assert len(renderers) <= len(probes) + own_page + in_reserve


async def failure(probe: Any, step: Any) -> JoinError:
    with pytest.raises(JoinError) as caught:
        await probe.page.run(step)
    assert "\n" not in str(caught.value)
    return caught.value


async def test_a_step_that_takes_too_long_says_why_as_far_as_the_page_knows(
    new_page: NewPage, call_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call")

    await probe.do("() => show('status', 'waiting for a partner')")
    error = await failure(probe, NEVER)
    assert error.reason == "timeout"
    assert str(error) == (
        "not within 0.5 s (the step's `within`); the page shows 'waiting for a partner' in #status"
    )

    error = await failure(probe, WaitFor(function="statee === 2", within_s=0.5))
    assert "it throws ReferenceError: statee is not defined" in str(error)

    await probe.page.run(Click("#fail"))
    error = await failure(probe, NEVER)
    assert error.reason == "page_error"
    assert "uncaught error: undefinedFunction is not defined" in str(error)

    await probe.do("() => { console.error('no candidate'); show('error', 'room full'); }")
    error = await failure(probe, NEVER)
    assert error.reason == "signalling"
    assert "the page shows 'room full' in #error" in str(error)
    assert "console: no candidate" in str(error)

    await probe.page.run(Click("#confirm"))
    error = await failure(probe, NEVER)
    assert error.reason == "dialog"
    assert "unexpected dialog: confirm 'Take the call?' (no accept_dialog before it)" in str(error)


@pytest.mark.parametrize("secret", ["?token=1", "#token=1", "#?token=1"])
async def test_a_resource_that_failed_is_named_without_query_and_fragment(
    new_page: NewPage, call_app: str, secret: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call")
    await probe.do(f"() => fetch('/nowhere.js{secret}').then(() => {{}})")
    error = await failure(probe, NEVER)
    assert f"404 (Not Found) ({call_app}nowhere.js)" in str(error)
    assert "token" not in str(error)


async def test_a_socket_that_the_app_closes_is_signalling(new_page: NewPage, call_app: str) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call")
    socket = f"{call_app}ws/4001".replace("http", "ws", 1)
    await probe.do(f"() => {{ new WebSocket('{socket}'); }}")
    error = await failure(probe, NEVER)
    assert error.reason == "signalling"
    assert f"socket: {socket} closed with code 4001 room full" in str(error)


async def test_a_page_that_cannot_be_loaded_is_navigation(new_page: NewPage, call_app: str) -> None:
    probe = await new_page()
    error = await failure(probe, Goto(f"{call_app}nowhere"))
    assert error.reason == "navigation"
    assert f"{call_app}nowhere answered 404" in str(error)
    error = await failure(probe, Goto("http://127.0.0.1:1/"))
    assert error.reason == "navigation"
    assert "net::ERR_" in str(error)


async def test_a_certificate_of_ones_own_is_refused(
    new_page: NewPage, self_signed_app: str
) -> None:
    error = await failure(await new_page(), Goto(self_signed_app))
    assert error.reason == "navigation"
    assert "net::ERR_CERT_AUTHORITY_INVALID" in str(error)


@pytest.mark.parametrize("accept_self_signed", [True])
async def test_unless_it_is_to_be_accepted_by_page_and_socket(
    new_page: NewPage, self_signed_app: str
) -> None:
    probe = await new_page()
    await probe.goto(self_signed_app)
    condition = "document.querySelector('#status').textContent === 'hello'"
    await probe.page.run(WaitFor(function=condition))


async def test_a_selector_that_is_none_is_reported(new_page: NewPage, call_app: str) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call")
    error = await failure(probe, Click("#name:::"))
    assert error.reason == "page_error"
    assert "#name:::" in str(error)


async def test_a_screenshot_shows_the_media_that_is_not_drawn_otherwise(
    new_page: NewPage, call_app: str, tmp_path: Path
) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call?calls=1")
    await probe.page.run(WaitFor(function="document.querySelector('#remote').currentTime > 0.5"))
    opacity = "getComputedStyle(document.querySelector('#remote')).opacity"
    await probe.page.run(WaitFor(function=f"{opacity} === '0'", within_s=1))
    assert await probe.page.screenshot(tmp_path / "call.png")
    assert greenness(tmp_path / "call.png") > 0.1
    (tmp_path / "before.png").hardlink_to(tmp_path / "call.png")
    assert await probe.page.screenshot(tmp_path / "call.png")
    assert not (tmp_path / "call.png").samefile(tmp_path / "before.png"), "it was written over"
    assert {path.name for path in tmp_path.glob("*.p*")} == {"before.png", "call.png"}
    await probe.page.run(WaitFor(function=f"{opacity} === '0'", within_s=1))


STRICT = "default-src 'self'; script-src 'unsafe-inline'; require-trusted-types-for 'script'"


@pytest.mark.parametrize("framed", [False, True])
async def test_under_a_strict_policy_a_screenshot_shows_media_and_says_nothing(
    new_page: NewPage, call_app: str, tmp_path: Path, framed: bool
) -> None:
    probe = await new_page()
    call = f"call?calls=1&policy={quote(STRICT)}"
    await probe.goto(f"{call_app}call?frame={quote(call)}" if framed else f"{call_app}{call}")
    await probe.witness.report(
        lambda r: [each.state for each in r.connections] == ["connected"] * 2
    )
    await probe.witness.until(lambda: len(probe.witness.events("setup")) == 2)
    await probe.do(
        """() => {
            const frame = document.querySelector("iframe");
            if (frame) Object.assign(frame, { width: 1000, height: 500 });
            window.put = [];
            const watch = new MutationObserver((changes) => {
                for (const { addedNodes } of changes) put.push(...addedNodes);
            });
            watch.observe(document, { childList: true, subtree: true });
        }"""
    )
    assert await probe.page.screenshot(tmp_path / "call.png")
    assert greenness(tmp_path / "call.png") > 0.05
    await probe.do("() => { if (put.length) throw new Error(put[0].outerHTML) }")
    assert probe.witness.events("console") == []
    assert probe.witness.events("page_error") == []


def greenness(picture: Path) -> float:
    """The share of a picture's points that have the green of Chromium's test camera."""
    import matplotlib.image as mpimg

    points = mpimg.imread(picture)
    green = (points[..., 1] > 0.4) & (points[..., 0] < 0.4) & (points[..., 2] < 0.2)
    return float(green.mean())


async def test_a_lossy_network_loses_packets(new_page: NewPage, call_app: str) -> None:
    probe = await new_page(line=AccessLink("none", loss_ratio=0.2))
    await probe.goto(f"{call_app}call?calls=1")

    def lossy(report: Any) -> bool:
        stats = [stat for each in report.connections for stat in each.stats]
        audio = [stat for stat in stats if isinstance(stat, InboundRtp) and stat.kind == "audio"]
        return any((stat.packetsReceived or 0) + (stat.packetsLost or 0) > 150 for stat in audio)

    report = await probe.witness.report(lossy)
    stats = [stat for each in report.connections for stat in each.stats]
    (audio,) = (stat for stat in stats if isinstance(stat, InboundRtp) and stat.kind == "audio")
    share = audio.packetsLost / (audio.packetsLost + audio.packetsReceived)
    assert 0.05 < share < 0.6
    assert any(isinstance(stat, RemoteInboundRtp) for stat in stats)
