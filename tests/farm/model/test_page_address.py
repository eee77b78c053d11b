"""Which page a probe opens."""

from __future__ import annotations

import pytest

from farm.model.page_address import Login, app_address, login_of, origin_of, page_address


@pytest.mark.parametrize(
    ("app_url", "rest", "page"),
    [
        # Alone it is what was written.
        ("http://h", "", "http://h/"),
        ("http://h/base", "", "http://h/base"),
        ("http://h/base/", "", "http://h/base/"),
        ("http://h/lobby.html", "", "http://h/lobby.html"),
        ("http://h?tenant=7", "", "http://h/?tenant=7"),
        ("http://h/lobby.html?tenant=7#/room", "", "http://h/lobby.html?tenant=7#/room"),
        ("http://h/a%20b/%2F?x=%26", "", "http://h/a%20b/%2F?x=%26"),
        # As browsers ask for it.
        ("http://h/a/../b", "", "http://h/b"),
        ("http://h/a/./b//c/%2E%2e", "", "http://h/a/b//"),
        ("http://h/../..", "", "http://h/"),
        ("http://h/a/b/..", "room", "http://h/a/room"),
        ("http://h/a\\b/.", "", "http://h/a/b/"),
        # A folder, with its slash and without.
        ("http://h", "call?room=1", "http://h/call?room=1"),
        ("http://h/base", "room/s000", "http://h/base/room/s000"),
        ("http://h/base/", "room/s000", "http://h/base/room/s000"),
        ("http://h/base/", "/room", "http://h/base/room"),
        ("http://h/base/", "../room", "http://h/room"),
        ("http://h/v1/", "s000:1", "http://h/v1/s000:1"),
        # A page: its folder.
        ("http://h/a/lobby.html", "room", "http://h/a/room"),
        ("http://h/a/lobby.html", "/room", "http://h/a/room"),
        ("http://h/a/lobby?tenant=7", "room", "http://h/a/room"),
        ("http://h/?tenant=7", "room?s=1", "http://h/room?s=1"),
        # Queries and fragments.
        ("http://h/lobby.html?tenant=7", "?room=1", "http://h/lobby.html?room=1"),
        ("http://h/lobby.html?tenant=7#top", "&room=1", "http://h/lobby.html?tenant=7&room=1#top"),
        ("http://h/lobby.html?tenant=7", "#room", "http://h/lobby.html?tenant=7#room"),
        ("http://h/lobby.html#top", "room", "http://h/room"),
        ("http://h/#/", "room/s000", "http://h/#/room/s000"),
        ("http://h/?tenant=7#/room", "s000", "http://h/?tenant=7#/room/s000"),
        ("http://h/a#!/x", "room", "http://h/a#!/x/room"),
        ("http://h/#/b/a?x=1", "room", "http://h/#/b/room"),
        ("http://h/#/a?x=1", "&room=1", "http://h/#/a?x=1&room=1"),
        ("http://h/#/a", "&room=1", "http://h/#/a?room=1"),
        # Hosts.
        ("http://[2001:db8::20]:8080/a.html", "b", "http://[2001:db8::20]:8080/b"),
        ("http://bücher.example/", "ü", "http://bücher.example/ü"),
        ("https://me:p%40ss@h:8443/base", "room", "https://h:8443/base/room"),
    ],
)
def test_a_page_is_the_apps_address_and_what_follows_it(app_url: str, rest: str, page: str) -> None:
    assert page_address(app_address(app_url), rest) == page


def test_who_asks_stands_before_the_host() -> None:
    assert login_of("https://me:p%40ss%20word@h/") == Login("me", "p@ss word")
    assert login_of("https://me@h/") == Login("me", "")
    assert login_of("https://h/a@b") is None
    assert origin_of("https://me:secret@[::1]:8443/a?b") == "https://[::1]:8443"
    assert origin_of("https://me:secret@H:443/") == "https://h"
    assert origin_of("http://b\u00fccher.example:80/") == "http://xn--bcher-kva.example"
