"""Secrets in texts."""

from __future__ import annotations

import json
from base64 import b64encode
from urllib.parse import quote, quote_plus

import pytest

from farm.model.mask import Mask

SECRET = 'p&ss "wörd"/7'


@pytest.mark.parametrize(
    "form",
    [
        SECRET,
        SECRET.upper(),
        quote(SECRET),
        quote(SECRET, safe=""),
        quote_plus(SECRET),
        json.dumps(SECRET),
        json.dumps(SECRET, ensure_ascii=False),
        repr(SECRET),
        b64encode(SECRET.encode()).decode(),
    ],
)
def test_a_secret_is_replaced_however_it_is_written(form: str) -> None:
    masked = Mask([SECRET])(f"at https://h/?key={form}&x=1 it is refused")
    assert masked.startswith("at https://h/?key=")
    assert "***" in masked
    assert masked.rstrip("'\"").endswith("&x=1 it is refused")
    assert "rd" not in masked.partition("key=")[2].partition("&x")[0]


def test_the_longer_of_two_is_replaced_first() -> None:
    assert Mask(["user1", "user12"])("user12 and user1") == "*** and ***"


def test_a_short_one_is_replaced_as_a_word_alone() -> None:
    assert Mask(["en", "7"])("when 7 of 17 left, lang=en") == "when *** of 17 left, lang=***"


def test_nothing_is_no_secret() -> None:
    assert Mask(["", " "])("all of it stays") == "all of it stays"


def test_more_may_be_added() -> None:
    mask = Mask()
    mask.add(["token-1234"])
    assert mask("Bearer token-1234") == "Bearer ***"


def test_of_many_alike_each_is_replaced_and_nothing_else() -> None:
    mask = Mask(f"user{number}" for number in range(0, 1000, 2))
    assert mask("user998, user10 and user981") == "***, *** and ***1"
    assert mask("uses, use and us") == "uses, use and us"


def test_letters_that_grow_in_small_stay_in_their_place() -> None:
    assert Mask(["secret-1"])("\u0130\u0130 SECRET-1 \u0130") == "\u0130\u0130 *** \u0130"
