"""Real pages that need a login, a header, a cookie or a certificate, and what is said of them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from farm.browser.browser import Browser
from farm.browser.chromiums import Chromiums
from farm.errors import BrowserError, JoinError
from farm.model.driver import Evaluate, Goto, WaitFor
from farm.model.experiment import MediaSettings
from farm.model.page_address import Login
from farm.model.page_opening import ClientCertificate, PageOpening, StorageState
from farm.model.trial_plan import ProbePlan
from farm.model.webrtc_stats import DataChannel
from farm.processes import Processes
from farm.protocols import HostKit
from tests.conftest import GreenPicture, Witness
from tests.login_page import COOKIE, HEADER, LOGIN, Authority, Certificate, LoginPages, login_pages

pytestmark = pytest.mark.live

PLAN = ProbePlan("p000", "s000", "caller", "here", 0.0, {"probe": "p000"}, (), ())

Open = Callable[..., Awaitable[Any]]


@pytest.fixture
async def pages() -> AsyncIterator[LoginPages]:
    async with login_pages() as pages:
        yield pages


@asynccontextmanager
async def browser_of(kit: HostKit, folder: Path) -> AsyncIterator[Browser]:
    async with Processes(folder / "logs") as processes:
        chromiums = Chromiums(processes, lambda _media: GreenPicture())
        await chromiums.open(kit)
        yield await chromiums.browser()
        await chromiums.close()


async def test_each_login_opens_its_page(kit: HostKit, pages: LoginPages, tmp_path: Path) -> None:
    cookie = {"name": "session", "value": COOKIE, "domain": "127.0.0.1", "path": "/"}
    stored = {"origin": pages.url[:-1], "localStorage": [{"name": "key", "value": "stored"}]}
    opening = PageOpening(
        login=Login(*LOGIN),
        headers={"X-Key": "{env:APP_KEY}"},
        storage_states={"p000": StorageState({"cookies": [cookie], "origins": [stored]})},
    )
    logged_in = replace(kit, app_url=pages.url, opening=opening)
    plan = replace(PLAN, variables={"env:APP_KEY": HEADER})
    async with browser_of(logged_in, tmp_path) as browser:
        page = await browser.page(plan, Witness())
        for path in ("basic", "header", "cookie"):
            await page.run(Goto(f"{pages.url}{path}"))
        await page.run(WaitFor(function="localStorage.getItem('key') === 'stored'"))
        stranger = await browser.page(replace(PLAN, probe="p001"), Witness())
        with pytest.raises(JoinError, match="cookie answered 401") as caught:
            await stranger.run(Goto(f"{pages.url}cookie"))
        assert caught.value.reason == "navigation"


async def test_a_device_a_language_and_permissions(
    kit: HostKit, pages: LoginPages, tmp_path: Path
) -> None:
    opening = PageOpening(
        permissions=("clipboard-read",), locale="de-DE", timezone="Asia/Tokyo", device="Pixel 7"
    )
    as_phone = replace(kit, app_url=pages.url, opening=opening)
    async with browser_of(as_phone, tmp_path) as browser:
        page = await browser.page(PLAN, Witness())
        await page.run(Goto(f"{pages.url}open"))
        for condition in (
            "navigator.userAgent.includes('Pixel 7') && navigator.maxTouchPoints > 0",
            "navigator.language === 'de-DE'",
            "Intl.DateTimeFormat().resolvedOptions().timeZone === 'Asia/Tokyo'",
            "screen.width === 412 && devicePixelRatio > 2",
        ):
            await page.run(WaitFor(function=condition, within_s=2))
        for name in ("camera", "microphone", "clipboard-read"):
            await page.run(
                Evaluate(
                    f"""async () => {{
                        const {{ state }} = await navigator.permissions.query({{ name: "{name}" }});
                        if (state !== "granted") throw new Error("{name} is " + state);
                    }}""",
                    "test.js",
                )
            )


async def test_a_client_certificate_and_a_call_beside_it(kit: HostKit, tmp_path: Path) -> None:
    """With certificates Playwright puts a proxy before the page: media pass it by."""
    (tmp_path / "elsewhere").mkdir()
    authority = Authority(tmp_path)
    own, foreign = authority.certificate("me"), Authority(tmp_path / "elsewhere").certificate("me")
    async with login_pages(authority.server()) as pages:
        settings = replace(kit, app_url=pages.url, accept_self_signed=True)
        admitted = replace(settings, opening=opened_with(own, pages.url))
        async with browser_of(admitted, tmp_path) as browser:
            page = await browser.page(PLAN, Witness())
            await page.run(Goto(f"{pages.url}open"))
            await page.run(Evaluate(CALL, "call.js"))
        refused = replace(settings, opening=opened_with(foreign, pages.url))
        async with browser_of(refused, tmp_path) as browser:
            page = await browser.page(PLAN, Witness())
            with pytest.raises(JoinError, match="net::ERR_") as caught:
                await page.run(Goto(f"{pages.url}open"))
            assert caught.value.reason == "navigation"


def opened_with(certificate: Certificate, url: str) -> PageOpening:
    cert, key = certificate.cert.read_bytes(), certificate.key.read_bytes()
    return PageOpening(client_certificates=(ClientCertificate(url.rstrip("/"), cert, key),))


CALL = """async () => {
    const stream = await navigator.mediaDevices.getUserMedia({ video: true, audio: true });
    const [one, two] = [new RTCPeerConnection(), new RTCPeerConnection()];
    one.onicecandidate = ({ candidate }) => candidate && two.addIceCandidate(candidate);
    two.onicecandidate = ({ candidate }) => candidate && one.addIceCandidate(candidate);
    stream.getTracks().forEach((track) => one.addTrack(track, stream));
    const connected = new Promise((resolve) => {
        one.onconnectionstatechange = () => one.connectionState === "connected" && resolve();
    });
    await one.setLocalDescription();
    await two.setRemoteDescription(one.localDescription);
    await two.setLocalDescription();
    await one.setRemoteDescription(two.localDescription);
    await connected;
}"""


async def test_no_secret_is_in_what_is_said(
    kit: HostKit, pages: LoginPages, tmp_path: Path
) -> None:
    opening = PageOpening(headers={"X-Key": "{env:APP_KEY}"}, environment={"env:APP_KEY": HEADER})
    secretive = replace(kit, app_url=pages.url, opening=opening)
    witness = Witness()
    async with browser_of(secretive, tmp_path) as browser:
        page = await browser.page(PLAN, witness)
        await page.run(Goto(f"{pages.url}open"))
        chatty = f"""() => {{
            console.error("the key is {HEADER}" + "{"x" * 600}");
            setTimeout(() => {{ throw new Error("{HEADER} is wrong"); }});
            document.body.innerHTML = '<p id="error">no room for {HEADER.upper()}</p>';
            new WebSocket("ws://127.0.0.1:1/?key={HEADER}");
        }}"""
        await page.run(Evaluate(chatty, "test.js"))
        messages = []
        for failing in (
            WaitFor(selector="#never", within_s=0.5),
            WaitFor(function=f"absent.{HEADER.replace('-', '_')}", within_s=0.5),
            Goto(f"http://127.0.0.1:1/?key={HEADER}"),
            Evaluate(f"() => {{ throw new Error('{HEADER}'); }}", "test.js"),
        ):
            with pytest.raises(JoinError) as caught:
                await page.run(failing)
            messages.append(str(caught.value))
        await witness.until(lambda: witness.events("socket_closed"))
        texts = [*messages, *(str(seen) for seen in witness.seen)]
        assert [text for text in texts if HEADER in text.lower()] == []
        assert "no room for ***" in messages[0]
        assert any("?key=***" in text for text in messages)


async def test_channels_named_by_users_stay_apart_without_their_names(
    kit: HostKit, pages: LoginPages, tmp_path: Path
) -> None:
    own = {"p000": {"user": "alice"}, "p001": {"user": "carol"}}
    opening = PageOpening(own=own, label_key=b"of this trial")
    witness = Witness()
    async with browser_of(replace(kit, app_url=pages.url, opening=opening), tmp_path) as browser:
        page = await browser.page(PLAN, witness)
        await page.run(Goto(f"{pages.url}open"))
        talk = """async () => {
            const near = new RTCPeerConnection(), far = new RTCPeerConnection();
            near.onicecandidate = ({ candidate }) => far.addIceCandidate(candidate);
            far.onicecandidate = ({ candidate }) => near.addIceCandidate(candidate);
            for (const user of ["alice", "carol"]) near.createDataChannel(`to-${user}`);
            await near.setLocalDescription();
            await far.setRemoteDescription(near.localDescription);
            await far.setLocalDescription();
            await near.setRemoteDescription(far.localDescription);
        }"""
        await page.run(Evaluate(talk, "test.js"))
        await witness.until(lambda: len(witness.events("channel")) == 4)
        report = await witness.report()
    in_events = [str(event.data["label"]) for event in witness.events("channel")]
    in_polls = [
        stats.label
        for each in report.connections
        for stats in each.stats
        if isinstance(stats, DataChannel)
    ]
    assert sorted(in_events) == sorted(in_polls)
    assert len(set(in_events)) == 2
    assert all(label.startswith("to-*** #") for label in in_events)


async def test_what_cannot_be_opened_is_said_without_its_values(
    kit: HostKit, tmp_path: Path
) -> None:
    cookie = {"name": "session", "value": COOKIE, "domain": "127.0.0.1", "path": "no slash"}
    state = StorageState({"cookies": [cookie], "origins": []})
    opening = PageOpening(storage_states={"p000": state})
    async with browser_of(replace(kit, opening=opening), tmp_path) as browser:
        with pytest.raises(BrowserError) as caught:
            await browser.page(PLAN, Witness())
        assert COOKIE not in str(caught.value)


async def test_a_page_gets_the_camera_of_the_experiment_whatever_it_asks(
    kit: HostKit, pages: LoginPages, tmp_path: Path
) -> None:
    """Chromium's own picture is 640x480 at 20 frames/s: it gives no more, and less if asked."""
    media = MediaSettings(force=True, frame_rate=10, audio="none")
    camera = {"width": "320", "height": "240"}
    insists = """async () => {
        const exact = { width: { exact: 4000 }, frameRate: { min: 50 } };
        const stream = await navigator.mediaDevices.getUserMedia({ video: exact, audio: true });
        const { width, height, frameRate } = stream.getVideoTracks()[0].getSettings();
        const got = [width, height, frameRate, stream.getAudioTracks().length].join();
        if (got !== "320,240,10,0") throw new Error(got);
        await navigator.mediaDevices.getUserMedia({ audio: true });
    }"""
    for forced in (replace(kit, media=media), kit):
        async with browser_of(replace(forced, app_url=pages.url), tmp_path) as browser:
            page = await browser.page(replace(PLAN, variables=camera), Witness())
            await page.run(Goto(f"{pages.url}open"))
            if forced is kit:
                with pytest.raises(JoinError, match="OverconstrainedError"):
                    await page.run(Evaluate(insists, "test.js"))
            else:
                await page.run(Evaluate(insists, "test.js"))
