"""A light probe whose browser refuses something says so, unless the sender is gone by then."""

from __future__ import annotations

import json
from collections.abc import Sequence
from importlib.resources import files

import pytest
from playwright.async_api import Page

pytestmark = pytest.mark.live


def script(name: str) -> str:
    return files("browser_scripts").joinpath(f"{name}.js").read_text().rstrip()


LAYERS = f"({script('light_layers')})()"
WORKER = f"({script('light_worker')})({json.dumps({'clock_hz': 90_000})}, {LAYERS})"
ENCODINGS = f"({script('light_encodings')})({json.dumps({'shrink': 8})}, {LAYERS})"

CALL = f"""async ({{ refused, gone, prepared, again, unread, lost, late }}) => {{
    const said = [], taken = [];
    const transport = {{ state: "connected" }};
    Object.defineProperty(RTCRtpSender.prototype, "transport", {{ value: transport }});
    const browsersStats = RTCRtpSender.prototype.getStats;
    let asked = 0;
    RTCRtpSender.prototype.getStats = function () {{
        asked += 1;
        return asked <= unread
            ? Promise.reject(new DOMException("none", "OperationError"))
            : browsersStats.apply(this);
    }};
    const loses = `self.onrtctransform = ({{ transformer: {{ options: {{ id, track }} }} }}) =>
        self.postMessage({{ id, track, lost: "why" }})`;
    const browsers = RTCRtpSender.prototype.setParameters;
    RTCRtpSender.prototype.setParameters = function (...given) {{
        taken.push(given[0].encodings[0].scaleResolutionDownBy);
        return refused.includes(taken.length)
            ? Promise.reject(new DOMException("no more", "OperationError"))
            : browsers.apply(this, given);
    }};
    const banks = {{ delivered: async () => {{ if (!prepared) throw new Error("none"); }} }};
    const send = (text) => said.push(JSON.parse(text));
    const worker = lost ? loses : {json.dumps(WORKER)};
    ({script("light_codec")})(
        {{ target_ms: 50, shrink: 8 }}, send, worker, {script("light_senders")},
        {script("light_receivers")}, {ENCODINGS}, banks);

    const canvas = document.createElement("canvas");
    const [track] = canvas.captureStream(10).getTracks();
    const connection = new RTCPeerConnection();
    const {{ sender }} = connection.addTransceiver(track);
    if (again) await sender.setParameters(sender.getParameters()).catch(() => {{}});
    if (gone) connection.close();
    await new Promise((resolve) => setTimeout(resolve, 500));
    if (late) {{
        connection.addTransceiver(track.clone());
        await new Promise((resolve) => setTimeout(resolve, 500));
    }}
    return said.map(({{ fidelity, reason }}) => [fidelity, reason ?? ""]);
}}"""


async def call(
    page: Page,
    *,
    refused: Sequence[int] = (),
    gone: bool = False,
    prepared: bool = True,
    again: bool = False,
    unread: int = 0,
    lost: bool = False,
    late: bool = False,
) -> list[list[str]]:
    """What a light probe says of its one sender, whose browser refuses calls of these numbers.

    `again`: the page itself sets the parameters that it reads, as soon as there is a sender;
    `unread`: so often its statistics cannot be read; `lost`: its worker loses frames of each
    sender and receiver; `late`: the page has another sender half a second later.
    """
    facts = {
        "refused": list(refused),
        "gone": gone,
        "prepared": prepared,
        "again": again,
        "unread": unread,
        "lost": lost,
        "late": late,
    }
    await page.goto("about:blank")
    said: list[list[str]] = await page.evaluate(CALL, facts)
    return said


UNPREPARED = "no prepared frames for this page (none)"
NOT_TAKEN = "its encoder takes no tiny pictures (OperationError: no more)"


async def test_what_is_refused_nothing_says_nothing(page: Page) -> None:
    assert await call(page) == [["light", ""]]


async def test_one_that_cannot_be_made_light_is_a_full_one(page: Page) -> None:
    assert await call(page, refused=[1]) == [["light", ""], ["full", NOT_TAKEN]]


async def test_one_that_gives_up_is_full(page: Page) -> None:
    assert await call(page, prepared=False) == [["light", ""], ["full", UNPREPARED]]


async def test_one_that_comes_where_it_is_known_that_there_are_no_frames_is_full(
    page: Page,
) -> None:
    said = await call(page, prepared=False, late=True)
    assert said == [["light", ""], ["full", UNPREPARED], ["full", UNPREPARED]]


async def test_one_that_cannot_be_full_again_says_that_its_pictures_are_tiny(page: Page) -> None:
    assert await call(page, prepared=False, refused=[2]) == [
        ["light", ""],
        ["full", UNPREPARED],
        ["tiny", "OperationError: no more"],
    ]


async def test_one_whose_pictures_never_were_tiny_is_full_whatever_is_refused(page: Page) -> None:
    assert await call(page, refused=[1, 2]) == [["light", ""], ["full", NOT_TAKEN]]


async def test_one_that_the_page_itself_made_tiny_says_so(page: Page) -> None:
    said = await call(page, again=True, refused=[1, 3])
    assert said == [["light", ""], ["full", NOT_TAKEN], ["tiny", "OperationError: no more"]]


async def test_what_a_closed_connection_refuses_is_no_trouble(page: Page) -> None:
    said = await call(page, gone=True, prepared=False, refused=[1, 2])
    assert {fidelity for fidelity, _ in said} <= {"light", "full"}
    assert all("OperationError" not in reason for _, reason in said)


async def test_one_whose_statistics_can_never_be_read_is_full(page: Page) -> None:
    assert await call(page, unread=3) == [["light", ""]]
    why = "its statistics cannot be read (OperationError: none)"
    assert await call(page, unread=1000) == [["light", ""], ["full", why]]


async def test_pictures_that_are_lost_in_the_worker_are_told_of_senders_and_receivers(
    page: Page,
) -> None:
    assert await call(page, lost=True) == [["light", ""], ["lost", "why"], ["lost", "why"]]
    assert await call(page, lost=True, gone=True) == [["light", ""]]
