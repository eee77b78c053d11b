"""Who may call whom, as told to the pages; no media server is needed for it."""

from __future__ import annotations

from typing import Any

from infra.demo_app.acts import Acts, End, Seat, Shape, Tell
from infra.demo_app.calls import Calls
from infra.demo_app.messages import Accept, Call, Offer, Register

ADA, BOB, EVE = 1, 2, 3
A_OFFER, B_OFFER = Offer("v=0 ada"), Offer("v=0 bob", {"maxVideoSendBandwidth": 200})


def with_users(*names: str, session: str = "") -> Calls:
    calls = Calls()
    for user, name in enumerate(names, start=1):
        calls.register(user, Register(name, session))
    return calls


def told(acts: Acts) -> list[tuple[int, Any]]:
    said = [(act.user, act.message) for act in acts if isinstance(act, Tell)]
    return [(user, message.get("response", message["id"])) for user, message in said]


def why(acts: Acts) -> str:
    (text,) = (act.message["message"] for act in acts if isinstance(act, Tell))
    return str(text)


def test_a_call_rings_is_accepted_and_ends_for_both() -> None:
    calls = with_users("Ada", "Bob")

    assert told(calls.call(ADA, Call("Bob", A_OFFER))) == [(BOB, "incomingCall"), (ADA, "ringing")]
    first, second = calls.accept(BOB, Accept(B_OFFER))
    assert isinstance(first, Seat) and isinstance(second, Seat)
    assert (first.user, first.offer, first.reply["id"]) == (ADA, "v=0 ada", "callResponse")
    assert (second.user, second.offer, second.reply["id"]) == (BOB, "v=0 bob", "startCommunication")
    assert (second.shape, second.properties) == (Shape.CALL, {"maxVideoSendBandwidth": 200})
    assert first.stage == second.stage
    assert (first.recording, second.recording) == (None, None)

    ending = calls.leave(ADA)
    assert told(ending) == [(BOB, "stopCommunication")]
    assert End(first.stage) in ending
    assert calls.leave(BOB) == ()
    assert told(calls.call(BOB, Call("Ada", B_OFFER))) == [(ADA, "incomingCall"), (BOB, "ringing")]


def test_the_other_side_of_a_session_needs_no_name_and_sessions_do_not_meet() -> None:
    calls = Calls()
    calls.register(ADA, Register("p0", "s001"))
    calls.register(EVE, Register("p0", "s002"))
    calls.register(BOB, Register("p1", "s001"))

    assert told(calls.call(BOB, Call("", A_OFFER))) == [(ADA, "incomingCall"), (BOB, "ringing")]
    assert why(calls.call(EVE, Call("p1", A_OFFER))) == "p1 is not signed in."
    assert why(calls.call(EVE, Call("", A_OFFER))) == "The other side is not signed in."


def test_a_call_is_recorded_when_either_side_asks_for_it() -> None:
    for caller_asks, callee_asks in ((True, False), (False, True)):
        calls = with_users("Ada", "Bob", session="s/001")
        calls.call(ADA, Call("", A_OFFER, record=caller_asks))
        seats = calls.accept(BOB, Accept(B_OFFER, record=callee_asks))
        files = [each.recording for each in seats if isinstance(each, Seat)]
        assert files == ["s_001-caller", "s_001-callee"]


def test_a_person_gets_a_reason_for_every_refusal() -> None:
    calls = with_users("Ada", "Bob", "Eve")

    assert why(calls.register(9, Register("Ada"))) == "The name Ada is taken. Choose another one."
    assert why(calls.register(ADA, Register("Adele"))) == "You are already signed in."
    assert told(calls.register(ADA, Register("Ada"))) == [(ADA, "accepted")]
    assert why(calls.call(9, Call("Ada", A_OFFER))) == "Sign in first."
    assert why(calls.call(ADA, Call("Zoe", A_OFFER))) == "Zoe is not signed in."
    assert why(calls.call(ADA, Call("Ada", A_OFFER))) == "You cannot call yourself."
    calls.call(ADA, Call("Bob", A_OFFER))
    assert why(calls.call(EVE, Call("Bob", A_OFFER))) == "Bob is busy in another call."
    assert why(calls.call(ADA, Call("Eve", A_OFFER))) == "You are in a call already."


def test_a_declined_call_leaves_both_free() -> None:
    calls = with_users("Ada", "Bob", "Eve")
    calls.call(ADA, Call("Bob", A_OFFER))
    assert why(calls.decline(BOB)) == "Bob declined the call."
    assert told(calls.call(EVE, Call("Bob", A_OFFER))) == [(BOB, "incomingCall"), (EVE, "ringing")]


def test_a_caller_who_gives_up_stops_the_ringing_and_a_late_answer_does_nothing() -> None:
    calls = with_users("Ada", "Bob")
    calls.call(ADA, Call("Bob", A_OFFER))
    assert told(calls.gone(ADA)) == [(BOB, "stopCommunication")]
    assert calls.accept(BOB, Accept(B_OFFER)) == ()
    assert calls.decline(BOB) == ()
    assert why(calls.call(BOB, Call("Ada", B_OFFER))) == "Ada is not signed in."


def test_a_failed_seat_ends_its_call_but_not_the_next_one() -> None:
    calls = with_users("Ada", "Bob")
    calls.call(ADA, Call("Bob", A_OFFER))
    calls.accept(BOB, Accept(B_OFFER))

    failed = calls.failed(ADA, "call-1", "refused")
    assert told(failed) == [(ADA, "stopCommunication"), (BOB, "stopCommunication")]
    assert End("call-1") in failed
    assert calls.failed(BOB, "call-1", "refused") == ()

    calls.call(ADA, Call("Bob", A_OFFER))
    calls.accept(BOB, Accept(B_OFFER))
    assert calls.failed(BOB, "call-1", "late news of the first call") == ()


def test_a_dead_media_server_ends_calls_but_neither_ringing_nor_names() -> None:
    calls = with_users("Ada", "Bob", "Eve", "Dan")
    calls.call(ADA, Call("Bob", A_OFFER))
    calls.accept(BOB, Accept(B_OFFER))
    calls.call(EVE, Call("Dan", A_OFFER))

    assert told(calls.server_gone("gone")) == [(ADA, "serverGone"), (BOB, "serverGone")]
    assert len(calls.accept(4, Accept(B_OFFER))) == 2
    assert told(calls.call(ADA, Call("Bob", A_OFFER))) == [(BOB, "incomingCall"), (ADA, "ringing")]
