"""What pages may say, and the one line they get for what they may not."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from farm.errors import BadInput
from infra.demo_app import messages
from infra.demo_app.messages import Offer, parse

SDP = "v=0\r\n"


def said(id: str, **rest: Any) -> str:
    return json.dumps({"id": id, **rest})


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (said("register", name=" Ada "), messages.Register("Ada")),
        (said("register", name="p1", session="s001"), messages.Register("p1", "s001")),
        (said("call", to="", sdpOffer=SDP, record=True), messages.Call("", Offer(SDP), True)),
        (
            said("incomingCallResponse", callResponse="accept", sdpOffer=SDP),
            messages.Accept(Offer(SDP)),
        ),
        (said("incomingCallResponse", callResponse="reject"), messages.Decline()),
        (
            said("joinRoom", room="r", name="n", members=2, sdpOffer=SDP),
            messages.JoinRoom("r", "n", 2, Offer(SDP)),
        ),
        (
            said("joinRoom", room="r", name="n", members=2, mixed=True, sdpOffer=SDP),
            messages.JoinRoom("r", "n", 2, Offer(SDP), mixed=True),
        ),
        (
            said("viewer", room="r", sdpOffer=SDP, properties={"maxVideoSendBandwidth": 200}),
            messages.View("r", Offer(SDP, {"maxVideoSendBandwidth": 200})),
        ),
        (said("stop"), messages.Stop()),
        (
            said("onIceCandidate", candidate={"candidate": "c", "sdpMid": "0", "sdpMLineIndex": 0}),
            messages.IceCandidate("c", "0", 0),
        ),
    ],
)
def test_each_message_becomes_its_value(text: str, message: messages.Message) -> None:
    assert parse(text) == message


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("hello", "must be JSON"),
        ("[]", "must be a JSON object"),
        (said("fly"), "no such message: id 'fly'"),
        (said("register", name=""), "name must not be empty"),
        (said("register", name="x" * 65), "name must be text of at most 64"),
        (said("call", to="b"), "sdpOffer must be an SDP offer"),
        (said("joinRoom", room="r", name="n", members=1, sdpOffer=SDP), "members must be"),
        (said("viewer", room="r", sdpOffer=SDP, properties={"mtu": 1}), "properties must be"),
        (said("onIceCandidate", candidate={"sdpMid": "0"}), "candidate must be"),
    ],
)
def test_what_is_wrong_is_named(text: str, complaint: str) -> None:
    with pytest.raises(BadInput, match=complaint):
        parse(text)


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner),
    max_leaves=5,
)
KEYS = ("name", "session", "to", "room", "members", "sdpOffer", "properties", "candidate")


@given(
    st.sampled_from(["register", "call", "joinRoom", "presenter", "viewer", "onIceCandidate"]),
    st.dictionaries(st.sampled_from(KEYS), JSON),
)
def test_nothing_but_bad_input_is_raised_whatever_a_page_sends(
    id: str, rest: dict[str, Any]
) -> None:
    try:
        parse(json.dumps({**rest, "id": id}))
    except BadInput as error:
        assert "\n" not in str(error)
