"""Text in, requests out; answers, errors and events as Kurento words them."""

from __future__ import annotations

import json

import pytest

from infra.embedded_kurento import protocol
from infra.embedded_kurento.errors import Refusal, object_not_found
from infra.embedded_kurento.protocol import ANSWERS_KEPT_S, AnswerCache, Request


def test_a_request_is_read() -> None:
    text = '{"jsonrpc": "2.0", "id": 7, "method": "ping", "params": {"interval": 240000}}'

    assert protocol.parse_request(text) == Request(7, "ping", {"interval": 240000})
    assert protocol.parse_request(text.encode()) == Request(7, "ping", {"interval": 240000})


@pytest.mark.parametrize("text", ['{"jsonrpc": "2.0", "id": 1, "method": "ping"}'])
def test_parameters_may_be_absent(text: str) -> None:
    assert protocol.parse_request(text).params == {}


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("not json", -32700),
        (b"\xff\xfe", -32700),
        ("{}", -32600),
        ("[]", -32600),
        ("7", -32600),
        ('{"jsonrpc": "2.0", "id": 900}', -32600),
        ('{"jsonrpc": "1.0", "id": 1, "method": "ping"}', -32600),
        ('{"jsonrpc": "2.0", "id": 1, "method": "ping", "params": [1]}', -32600),
        ('{"jsonrpc": "2.0", "id": {}, "method": "ping"}', -32600),
    ],
)
def test_what_is_no_request_is_refused(text: str | bytes, code: int) -> None:
    with pytest.raises(Refusal) as refused:
        protocol.parse_request(text)

    assert refused.value.code == code


def test_answers_are_worded_as_kurento_words_them() -> None:
    request = Request(3, "create", {})

    assert (
        protocol.answer(request, {"value": "V", "sessionId": "S"})
        == '{"id": 3, "jsonrpc": "2.0", "result": {"sessionId": "S", "value": "V"}}'
    )
    assert (
        protocol.refuse(3, object_not_found("nope")) == '{"error": {"code": 40101, '
        '"data": {"type": "MEDIA_OBJECT_NOT_FOUND"}, "message": "Object \'nope\' not found"}, '
        '"id": 3, "jsonrpc": "2.0"}'
    )


def test_a_notification_gets_its_result_in_an_error() -> None:
    answered = json.loads(protocol.answer(Request(None, "ping", {}), {"value": "pong"}))

    assert answered["id"] is None
    assert answered["error"]["code"] == -32000
    assert answered["error"]["data"] == {"value": "pong"}


def test_an_answer_is_repeated_for_twenty_seconds() -> None:
    cache = AnswerCache()
    cache.remember("s", 1, "first", now_s=100.0)
    cache.remember("t", 1, "of another session", now_s=105.0)

    assert cache.recall("s", 1, now_s=100.0 + ANSWERS_KEPT_S - 0.1) == "first"
    assert cache.recall("s", 2, now_s=101.0) is None
    assert cache.recall("s", 1, now_s=100.0 + ANSWERS_KEPT_S) is None
    assert cache.recall("t", 1, now_s=100.0 + ANSWERS_KEPT_S) == "of another session"


def test_a_session_that_ends_takes_its_answers_along() -> None:
    cache = AnswerCache()
    cache.remember("s", 1, "first", now_s=0.0)

    cache.forget("s")

    assert cache.recall("s", 1, now_s=1.0) is None
