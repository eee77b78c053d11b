"""Data channels are polled, what becomes of them is told, and answers are timed where named."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any

import pytest

from farm.model.driver import ChannelAnswers, Driver, RoleSteps, WaitFor
from farm.model.webrtc_stats import DataChannel
from farm.protocols import HostKit

pytestmark = pytest.mark.live

NewPage = Callable[..., Awaitable[Any]]

# Two channels between connections of the page and a frame of it, which answers after 50 ms.
TALK = """async () => {
    const frame = document.body.appendChild(document.createElement("iframe"));
    const near = new RTCPeerConnection(), far = new frame.contentWindow.RTCPeerConnection();
    near.onicecandidate = ({ candidate }) => far.addIceCandidate(candidate);
    far.onicecandidate = ({ candidate }) => near.addIceCandidate(candidate);
    const made = (label) => near.createDataChannel(label);
    window.channels = { rpc: made("rpc"), other: made("other") };
    window.got = [];
    far.ondatachannel = ({ channel }) => {
        window[`far_${channel.label}`] = channel;
        channel.onmessage = ({ data }) => setTimeout(() => {
            const { id } = JSON.parse(data);
            channel.send(JSON.stringify({ id, answer: true }));
        }, 50);
    };
    for (const channel of Object.values(channels)) channel.onmessage = ({ data }) => got.push(data);
    await near.setLocalDescription();
    await far.setRemoteDescription(near.localDescription);
    await far.setLocalDescription();
    await near.setRemoteDescription(far.localDescription);
    const open = (channel) => new Promise((done) => channel.onopen = done);
    await Promise.all(Object.values(channels).map(open));
    for (const channel of Object.values(channels)) {
        for (let id = 0; id < 20; id += 1) channel.send(JSON.stringify({ id }));
        channel.send("no JSON, which nobody answers");
    }
}"""

# A channel whose answers are other texts than its questions.
GAME = """async () => {
    const near = new RTCPeerConnection(), far = new RTCPeerConnection();
    near.onicecandidate = ({ candidate }) => far.addIceCandidate(candidate);
    far.onicecandidate = ({ candidate }) => near.addIceCandidate(candidate);
    const channel = near.createDataChannel("game");
    window.got = [];
    far.ondatachannel = ({ channel }) => {
        channel.onmessage = ({ data }) => {
            const number = /^ping (.*)$/.exec(data)?.[1];
            if (number !== undefined) channel.send(`pong ${number} (done)`);
            else for (const each of ["pong", "pong x"]) channel.send(each);
        };
    };
    channel.onmessage = ({ data }) => got.push(data);
    await near.setLocalDescription();
    await far.setRemoteDescription(near.localDescription);
    await far.setLocalDescription();
    await near.setRemoteDescription(far.localDescription);
    await new Promise((done) => channel.onopen = done);
    channel.send("hello");
    for (let number = 0; number < 10; number += 1) channel.send(`ping ${number}`);
    channel.send("ping 9");
}"""

# Two pages of a game: each asks the other the same question, the second after it heard the first's.
EACH_OTHER = """async () => {
    const frame = document.body.appendChild(document.createElement("iframe"));
    const near = new RTCPeerConnection(), far = new frame.contentWindow.RTCPeerConnection();
    near.onicecandidate = ({ candidate }) => far.addIceCandidate(candidate);
    far.onicecandidate = ({ candidate }) => near.addIceCandidate(candidate);
    window.got = [];
    const answering = (channel, answered) => {
        channel.onmessage = ({ data }) => {
            const number = /^ping (.*)$/.exec(data)?.[1];
            if (number !== undefined) return channel.send(`pong ${number} (done)`);
            got.push(data);
            answered();
        };
    };
    const mine = near.createDataChannel("game");
    answering(mine, () => {});
    const theirs = new Promise((done) => {
        far.ondatachannel = ({ channel }) => {
            answering(channel, () => mine.send("ping 1"));
            if (channel.readyState === "open") done(channel);
            else channel.onopen = () => done(channel);
        };
    });
    await near.setLocalDescription();
    await far.setRemoteDescription(near.localDescription);
    await far.setLocalDescription();
    await near.setRemoteDescription(far.localDescription);
    await new Promise((done) => mine.onopen = done);
    (await theirs).send("ping 1");
}"""


@pytest.fixture
def kit(kit: HostKit) -> HostKit:
    answers = (
        ChannelAnswers("rpc", "id"),
        ChannelAnswers("game", question="ping *", answer="pong * (done)"),
    )
    return replace(kit, driver=Driver("test", {"caller": RoleSteps(join=(), answers=answers)}))


async def channels_of(probe: Any) -> dict[tuple[str, bool], DataChannel]:
    """The statistics of the next poll, by label, and whether it is the side that asks."""
    report = await probe.witness.report()
    found = [
        stats for each in report.connections for stats in each.stats if stats.type == "data-channel"
    ]
    return {(each.label, (each.messagesSent or 0) > 20): each for each in found}


async def test_messages_are_counted_and_answers_timed_where_the_driver_names_them(
    new_page: NewPage, call_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call")
    await probe.do(TALK)
    await probe.page.run(WaitFor(function="got.length === 40"))
    await probe.witness.report()
    found = await channels_of(probe)
    rpc, other = found["rpc", True], found["other", True]
    for each in (rpc, other):
        assert (each.messagesSent, each.messagesReceived, each.state) == (21, 20, "open")
        assert (each.bytesReceived or 0) > 20 * len('{"id":0,"answer":true}')
    assert rpc.roundTripTimeMeasurements == 20
    assert 0.05 <= (rpc.totalRoundTripTime or 0) / 20 < 2
    assert (other.roundTripTimeMeasurements, other.totalRoundTripTime) == (None, None)
    assert found["rpc", False].roundTripTimeMeasurements == 0, "an answer is no question"


async def test_a_question_is_answered_by_another_text_with_the_same_in_it(
    new_page: NewPage, call_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call")
    await probe.do(GAME)
    await probe.page.run(WaitFor(function="got.length === 13"))
    await probe.witness.report()
    report = await probe.witness.report()
    times = [
        (each.messagesSent, each.roundTripTimeMeasurements)
        for connection in report.connections
        for each in connection.stats
        if each.type == "data-channel"
    ]
    # Ten questions were answered; "hello" is none, and of a number asked twice the first counts.
    assert sorted(times) == [(12, 10), (13, 0)]


async def test_a_question_that_a_partner_asked_before_is_this_page_s_own_too(
    new_page: NewPage, call_app: str
) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call")
    await probe.do(EACH_OTHER)
    await probe.page.run(WaitFor(function="got.length === 2"))
    await probe.witness.report()
    report = await probe.witness.report()
    times = [
        (each.label, each.messagesSent, each.roundTripTimeMeasurements)
        for connection in report.connections
        for each in connection.stats
        if each.type == "data-channel"
    ]
    assert times == [("game", 2, 1)] * 2  # each sent its question, and its answer to the other's


async def test_what_becomes_of_a_channel_is_told(new_page: NewPage, call_app: str) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call")
    await probe.do(TALK)
    events = probe.witness.events
    await probe.witness.until(lambda: len(events("channel")) >= 4)
    assert {each.data["label"] for each in events("channel")} == {"rpc", "other"}
    assert {each.data["state"] for each in events("channel")} == {"open"}
    await probe.do("() => channels.rpc.close()")
    await probe.witness.until(lambda: len(events("channel")) >= 6)
    closed = [each for each in events("channel") if each.data["state"] == "closed"]
    assert {each.data["label"] for each in closed} == {"rpc"}
    assert sorted(each.data["by_page"] for each in closed) == [False, True]


async def test_the_page_sees_no_difference(new_page: NewPage, call_app: str) -> None:
    probe = await new_page()
    await probe.goto(f"{call_app}call")
    await probe.do(TALK)
    await probe.do(
        """() => {
            const { send } = RTCDataChannel.prototype;
            const refused = (() => {
                try { send.call({}, "x"); } catch (error) { return error.name; }
            })();
            const seen = [send.name, send.length, channels.rpc.send("{}"), refused,
                          channels.rpc instanceof RTCDataChannel];
            if (String(seen) !== "send,1,,TypeError,true") throw new Error(String(seen));
        }"""
    )
