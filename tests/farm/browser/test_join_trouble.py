"""Why a probe could not join, as far as its page knows."""

from __future__ import annotations

from dataclasses import replace

import pytest

from farm.browser.answered_dialog import AnsweredDialog, DialogCount
from farm.browser.join_trouble import JoinTrouble, PageState
from farm.model.page_samples import MOST_DIALOGS, MOST_OF_ONE_DIALOG, ProbeEvent


def closed(code: int) -> ProbeEvent:
    return ProbeEvent(
        "p000", "socket_closed", 1.0, f"ws://a closed with code {code}", {"code": code}
    )


def test_without_any_sign_it_is_a_timeout() -> None:
    trouble = JoinTrouble(console="a warning")
    assert trouble.explain("not within 15 s", PageState(("#status", "waiting"))) == (
        "timeout",
        "not within 15 s; the page shows 'waiting' in #status; console: a warning",
    )


def test_what_explains_most_comes_first() -> None:
    trouble = JoinTrouble()
    trouble.uncaught = "x is not defined"
    assert trouble.explain("late", PageState())[0] == "page_error"
    assert trouble.explain("late", PageState(("#error", "room full")))[0] == "signalling"
    trouble.socket_closed(closed(1006))
    assert trouble.explain("late", PageState())[0] == "signalling"
    trouble.dialog_answered(
        AnsweredDialog("confirm", "Take the call?", "cancelled", unexpected=True)
    )
    reason, message = trouble.explain("late", PageState())
    assert reason == "dialog"
    assert message == (
        "late; unexpected dialog: confirm 'Take the call?' (no accept_dialog before it);"
        " socket: ws://a closed with code 1006; uncaught error: x is not defined"
    )


def test_an_alert_comes_of_what_else_is_known_of_the_page() -> None:
    """It has one answer, so that it holds up nothing."""
    trouble = JoinTrouble(uncaught="x is not defined")
    trouble.dialog_answered(AnsweredDialog("alert", "No room", "closed", unexpected=True))
    assert trouble.explain("late", PageState()) == (
        "dialog",
        "late; unexpected dialog: alert 'No room'; uncaught error: x is not defined",
    )
    assert trouble.explain("late", PageState(None, "media did not"))[0] == "media"
    assert trouble.explain("late", PageState(("#error", "room full")))[0] == "signalling"
    assert trouble.explain("late", PageState(asks_login=True))[0] == "login"
    trouble.socket_closed(closed(1006))
    assert trouble.explain("late", PageState())[0] == "signalling"


def test_a_dialog_is_of_the_step_in_which_it_came() -> None:
    trouble = JoinTrouble(step="app.yaml:6: join step 2, click #start")
    trouble.dialog_answered(AnsweredDialog("confirm", "Log in?", "cancelled", unexpected=True))
    said = "late; unexpected dialog: confirm 'Log in?'"
    assert trouble.describe("late", PageState()) == f"{said} (no accept_dialog before it)"
    trouble.step = "app.yaml:8: joined step 1, wait_for #in-call"
    assert trouble.describe("late", PageState()) == (
        f"{said}, which came in app.yaml:6: join step 2, click #start (no accept_dialog before it)"
    )


def test_media_that_do_not_connect_come_before_what_the_page_logged() -> None:
    trouble = JoinTrouble(uncaught="x is not defined", console="Read-only field modified")
    reason, message = trouble.explain(
        "late", PageState(("#status", "calling"), "media did not connect: c0")
    )
    assert reason == "media"
    assert message == (
        "late; media did not connect: c0; the page shows 'calling' in #status;"
        " uncaught error: x is not defined; console: Read-only field modified"
    )
    assert (
        trouble.explain("late", PageState(("#error", "room full"), "media did not"))[0]
        == "signalling"
    )
    trouble.dialog_answered(
        AnsweredDialog("confirm", "Take the call?", "cancelled", unexpected=True)
    )
    assert trouble.explain("late", PageState(None, "media did not"))[0] == "dialog"


def test_an_orderly_close_is_no_trouble() -> None:
    trouble = JoinTrouble()
    trouble.socket_closed(closed(1000))
    assert trouble.explain("late", PageState()) == ("timeout", "late")


def test_a_message_is_one_line() -> None:
    trouble = JoinTrouble(console="a\nb")
    assert "\n" not in trouble.describe("late", PageState(("#error", "no\n\nroom")))


def test_a_page_that_asks_for_a_login_and_is_elsewhere() -> None:
    state = PageState(at="the page is now at http://a/login", asks_login=True)
    assert JoinTrouble().explain("late", state) == (
        "login",
        "late; the page asks for a login; the page is now at http://a/login",
    )
    in_call = PageState(media="media did not connect: c0", asks_login=True)
    assert JoinTrouble().explain("late", in_call)[0] == "media"


def test_a_socket_that_the_server_closed_comes_before_a_login_that_is_there() -> None:
    trouble = JoinTrouble()
    trouble.socket_closed(closed(1011))
    assert trouble.explain("late", PageState(asks_login=True))[0] == "signalling"


@pytest.mark.parametrize("answer", ["answered with an empty text", "cancelled"])
def test_a_prompt_that_got_no_text_is_told_until_one_gets_a_text(answer: str) -> None:
    trouble = JoinTrouble()
    trouble.dialog_answered(AnsweredDialog("prompt", "PIN?", answer, unexpected=False))
    assert trouble.explain("late", PageState(("#status", "wrong PIN"))) == (
        "timeout",
        f"late; the page shows 'wrong PIN' in #status; prompt 'PIN?' was {answer}"
        " (accept_dialog: TEXT gives it a text)",
    )
    trouble.dialog_answered(AnsweredDialog("confirm", "Sure?", "cancelled", unexpected=False))
    assert "PIN?" in trouble.describe("late", PageState())
    answered = AnsweredDialog("prompt", "PIN?", "answered with '7'", unexpected=False)
    trouble.dialog_answered(answered)
    assert trouble.describe("late", PageState()) == "late"


def test_a_prompt_that_no_step_answers_says_that_it_was_cancelled_and_wants_a_text() -> None:
    trouble = JoinTrouble()
    trouble.dialog_answered(AnsweredDialog("prompt", "PIN?", "cancelled", unexpected=True))
    assert trouble.explain("late", PageState()) == (
        "dialog",
        "late; unexpected dialog: prompt 'PIN?' (cancelled: no accept_dialog: TEXT before it)",
    )


def test_of_dialogs_without_end_some_are_recorded_and_so_is_another_one() -> None:
    count = DialogCount()
    alert = AnsweredDialog("alert", "Hurry", "closed", unexpected=True)
    assert [count.is_recorded(alert) for _ in range(100)].count(True) == MOST_OF_ONE_DIALOG
    others = [replace(alert, text=f"{left} s left") for left in range(100)]
    assert count.is_recorded(others[0])
    recorded = [count.is_recorded(each) for each in others]
    assert recorded.count(True) == MOST_DIALOGS - MOST_OF_ONE_DIALOG - 1


@pytest.mark.parametrize("code", [1008, 3000, 4401])
def test_a_socket_that_was_closed_for_want_of_the_login_comes_after_it(code: int) -> None:
    trouble = JoinTrouble()
    trouble.socket_closed(closed(code))
    assert trouble.explain("late", PageState(asks_login=True))[0] == "login"
    assert trouble.explain("late", PageState())[0] == "signalling"
