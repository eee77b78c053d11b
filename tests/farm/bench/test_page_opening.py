"""Pages behind a login: with what the farm asks for them before a run, and what it says then."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from farm.bench.app_page import check_pages
from farm.bench.page_opening import check_opening, opening_warnings, page_opening
from farm.errors import BadInput
from farm.experiment_file import load_experiment
from farm.model.experiment import Experiment
from farm.planning.trial_planning import plan_trial
from tests.login_page import COOKIE, HEADER, LOGIN, Authority, LoginPages, login_pages

DRIVER = """
format: 1
roles:
  callee: {join: [goto: "{app_url}"]}
  caller: {join: [goto: "{app_url}"]}
"""


@pytest.fixture
async def pages() -> AsyncIterator[LoginPages]:
    async with login_pages() as pages:
        yield pages


def experiment(folder: Path, url: str, app: str, rest: str = "") -> Experiment:
    (folder / "driver.yaml").write_text(DRIVER)
    file = folder / "calls.yaml"
    file.write_text(f"format: 1\napp:\n  url: {url}\n  driver: ./driver.yaml\n{app}\n{rest}")
    return load_experiment(file)


def state(folder: Path, name: str, **changes: object) -> str:
    """Write a storage state with one cookie; returns the setting that names it."""
    cookie = {"name": "session", "value": COOKIE, "domain": "127.0.0.1", "path": "/", **changes}
    (folder / name).write_text(json.dumps({"cookies": [cookie], "origins": []}))
    return f"  storage_state: {name}"


async def test_a_login_of_the_environment(
    pages: LoginPages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = experiment(tmp_path, f"{pages.url}basic", "  basic_auth_env: APP_LOGIN")
    with pytest.raises(BadInput, match=r"^app\.basic_auth_env: APP_LOGIN is not set in the env"):
        await check_pages(calls)
    monkeypatch.setenv("APP_LOGIN", "no-colon-in-it")
    with pytest.raises(BadInput, match="has another form: user:password") as caught:
        await check_pages(calls)
    assert "no-colon-in-it" not in str(caught.value)
    monkeypatch.setenv("APP_LOGIN", ":".join(LOGIN))
    assert await check_pages(calls) == (f"{pages.url}basic",)
    monkeypatch.setenv("APP_LOGIN", "me:wrong")
    refused = r"answered 401 Unauthorized to the login of app\.basic_auth_env, APP_LOGIN; goto of "
    with pytest.raises(BadInput, match=refused):
        await check_pages(calls)


async def test_a_page_behind_a_login_says_what_it_needs(pages: LoginPages, tmp_path: Path) -> None:
    calls = experiment(tmp_path, f"{pages.url}basic", "")
    with pytest.raises(BadInput, match=r"401 Unauthorized; a page .* needs app\.basic_auth_env, "):
        await check_pages(calls)


async def test_a_secret_in_a_header(
    pages: LoginPages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = experiment(tmp_path, f"{pages.url}header", '  headers: {X-Key: "env:APP_KEY"}')
    with pytest.raises(BadInput, match=r"^app\.headers\.X-Key: APP_KEY is not set"):
        check_opening(calls, 2)
    monkeypatch.setenv("APP_KEY", HEADER)
    assert await check_pages(calls) == (f"{pages.url}header",)
    assert HEADER not in (check_opening(calls, 2) or "")
    monkeypatch.setenv("APP_KEY", "wrong")
    with pytest.raises(BadInput, match=r"401 Unauthorized to app\.headers and app\.storage_state"):
        await check_pages(calls)


async def test_a_header_has_the_probes_variables(pages: LoginPages, tmp_path: Path) -> None:
    calls = experiment(tmp_path, f"{pages.url}open", '  headers: {X-Probe: "{session}/{probe}"}')
    await check_pages(calls)
    assert pages.last("/open")["X-Probe"] == "s000/p000"
    wrong = experiment(tmp_path, pages.url, '  headers: {X-Probe: "{sesion}"}')
    with pytest.raises(BadInput, match=r"X-Probe: no variable \{sesion\}; did you mean \{session"):
        check_opening(wrong, 2)


async def test_a_cookie_of_a_storage_state(pages: LoginPages, tmp_path: Path) -> None:
    app = state(tmp_path, "state.json")
    calls = experiment(tmp_path, f"{pages.url}cookie", app)
    assert await check_pages(calls) == (f"{pages.url}cookie",)
    assert opening_warnings(calls) == ()
    state(tmp_path, "state.json", expires=1_000_000)
    with pytest.raises(BadInput, match="401 Unauthorized to app"):
        await check_pages(calls)
    (warning,) = opening_warnings(calls)
    assert warning == "app.storage_state: all its cookies for 127.0.0.1 have expired"


def test_a_storage_state_of_another_site(tmp_path: Path) -> None:
    app = state(tmp_path, "state.json", domain=".example.org")
    (warning,) = opening_warnings(experiment(tmp_path, "http://127.0.0.1/", app))
    assert warning.endswith("nothing in it is for 127.0.0.1 (app.url), but for example.org")
    stored = {"origin": "http://127.0.0.1", "localStorage": [{"name": "a", "value": "b"}]}
    (tmp_path / "state.json").write_text(json.dumps({"cookies": [], "origins": [stored]}))
    assert opening_warnings(experiment(tmp_path, "http://127.0.0.1/", app)) == ()


def test_a_storage_state_for_each_probe(tmp_path: Path) -> None:
    for probe in ("p000", "p001"):
        state(tmp_path, f"{probe}.json")
    calls = experiment(tmp_path, "http://127.0.0.1/", '  storage_state: "{probe}.json"')
    assert check_opening(calls, 2) == "2 storage states for 2 probes"
    missing = r"^app\.storage_state: .*/p002\.json: no such file, for p002 \(callee of s001\)$"
    with pytest.raises(BadInput, match=missing):
        check_opening(calls, 4)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("{", "not JSON"),
        ("[]", "it is no object"),
        ("{}", "neither cookies nor origins"),
        ('{"cookies": [{"name": "a", "value": "hidden-value"}]}', r"cookies\[0\] lacks domain"),
        ('{"origins": [{"origin": "http://h"}]}', r"origins\[0\] lacks localStorage"),
        ('{"cookies": {}}', "no lists"),
    ],
)
def test_what_is_no_storage_state(tmp_path: Path, text: str, complaint: str) -> None:
    (tmp_path / "state.json").write_text(text)
    calls = experiment(tmp_path, "http://127.0.0.1/", "  storage_state: state.json")
    with pytest.raises(BadInput, match=f"{complaint}.*: expected the JSON of Playw") as caught:
        check_opening(calls, 2)
    assert "hidden-value" not in str(caught.value)


async def test_a_client_certificate(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    authority.certificate("me")
    async with login_pages(authority.server()) as pages:
        given = "  accept_self_signed: true\n  client_certificates: [{cert: me.pem, key: me.key}]"
        calls = experiment(tmp_path, f"{pages.url}open", given)
        assert await check_pages(calls) == (f"{pages.url}open",)
        assert check_opening(calls, 2) == f"client certificates for {pages.url[:-1]}"
        without = experiment(tmp_path, f"{pages.url}open", "  accept_self_signed: true")
        with pytest.raises(BadInput, match=r"may ask for a client's certificate needs one"):
            await check_pages(without)


def test_what_is_wrong_with_a_certificate(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(tmp_path)
    authority.certificate("me")
    authority.certificate("old", days=-1)
    authority.certificate("locked", passphrase="open sesame")

    def complaint(given: str) -> str:
        app = f"  client_certificates: [{{{given}}}]"
        with pytest.raises(BadInput) as caught:
            check_opening(experiment(tmp_path, "https://127.0.0.1/", app), 2)
        return str(caught.value)

    at = "app.client_certificates[0]"
    assert "old.pem: expired on 20" in complaint("cert: old.pem, key: old.key")
    other = complaint("cert: me.pem, key: old.key")
    assert other == f"{at}.key: {tmp_path}/old.key: not the key of {tmp_path}/me.pem"
    no_certificate = complaint("cert: me.key, key: me.key")
    assert no_certificate.endswith("me.key: expected a certificate in PEM")
    assert complaint("cert: me.pem, key: me.pem").endswith("me.pem: expected a private key in PEM")
    assert "none.pem: cannot be read" in complaint("cert: none.pem, key: me.key")
    locked = "cert: locked.pem, key: locked.key"
    assert complaint(locked).endswith("locked.key: it has a passphrase")
    assert "APP_PASS is not set" in complaint(f"{locked}, passphrase: env:APP_PASS")
    monkeypatch.setenv("APP_PASS", "another")
    assert "another passphrase" in complaint(f"{locked}, passphrase: env:APP_PASS")
    monkeypatch.setenv("APP_PASS", "open sesame")
    app = f"  client_certificates: [{{{locked}, passphrase: env:APP_PASS}}]"
    check_opening(experiment(tmp_path, "https://127.0.0.1/", app), 2)


def test_a_curve_that_is_not_known(tmp_path: Path) -> None:
    made = Authority(tmp_path).certificate("me")
    app = f"  client_certificates: [{{cert: {made.cert.name}, key: {made.key.name}}}]"
    for path, member in ((made.key, "key"), (made.cert, "cert")):
        path.write_text(_with_another_curve(path.read_text()))
        with pytest.raises(BadInput) as caught:
            check_opening(experiment(tmp_path, "https://127.0.0.1/", app), 2)
        at = f"app.client_certificates[0].{member}: {path}"
        assert str(caught.value).startswith(f"{at}: a key of an unknown kind: expected RSA")


def _with_another_curve(pem: str) -> str:
    """The PEM with SM2's curve in the place of P-256, whose identifier is as long."""
    begin, end = pem[: pem.index("\n")], pem.strip().rpartition("\n")[2]
    body = b64decode("".join(pem.strip().split("\n")[1:-1]))
    other = body.replace(bytes.fromhex("2a8648ce3d030107"), bytes.fromhex("2a811ccf5501822d"))
    return f"{begin}\n{b64encode(other).decode()}\n{end}\n"


def test_the_token_of_whip_is_a_secret(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WHIP_TOKEN", "bearer-4711")
    file = tmp_path / "calls.yaml"
    file.write_text(
        "scenario: {kind: broadcast}\napp:\n  run: whip\n  token: env:WHIP_TOKEN\n"
        "  publish: https://h/{session}/whip\n  play: https://h/{session}/whep\n"
    )
    whip = load_experiment(file)
    plan = plan_trial(whip, 2, index=0, purpose="single", hosts=("here",))
    assert list(page_opening(whip, plan).secrets()) == ["bearer-4711"]


def test_a_device_that_is_none_gives_the_nearest(tmp_path: Path) -> None:
    unknown = experiment(tmp_path, "http://127.0.0.1/", "", "probes: {device: Pixel7}")
    with pytest.raises(BadInput, match=r"^probes\.device: Pixel7: .* did you mean Pixel 7"):
        check_opening(unknown, 2)
    named = experiment(tmp_path, "http://127.0.0.1/", "", "probes: {device: Pixel 7}")
    assert check_opening(named, 2) == "device Pixel 7"


async def test_a_page_is_asked_for_as_the_device(pages: LoginPages, tmp_path: Path) -> None:
    device = "probes: {device: Pixel 7}"
    await check_pages(experiment(tmp_path, f"{pages.url}open", "  locale: de-DE", device))
    assert "Pixel 7" in pages.last("/open")["User-Agent"]
    assert pages.last("/open")["Accept-Language"] == "de-DE"


WITH_VALUES = """
format: 1
roles:
  callee: {join: [goto: "{app_url}?room={room}"]}
  caller: {join: [goto: "{app_url}", fill: {"#password": "env:APP_PASSWORD"}]}
"""


async def test_values_of_ones_own(
    pages: LoginPages, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = "  data: users.csv\n  headers: {X-Room: '{room}'}"
    (tmp_path / "users.csv").write_text("room\nroom-hidden-1\nroom-hidden-2\n")
    experiment(tmp_path, f"{pages.url}open", "")
    (tmp_path / "mine.yaml").write_text(WITH_VALUES)
    text = (tmp_path / "calls.yaml").read_text().replace("driver.yaml", "mine.yaml")
    (tmp_path / "calls.yaml").write_text(text + app)
    calls = load_experiment(tmp_path / "calls.yaml")
    unset = r"^app\.driver: .*mine\.yaml:5: .*fill\.#password: APP_PASSWORD is not set in the env"
    with pytest.raises(BadInput, match=unset):
        check_opening(calls, 2)
    monkeypatch.setenv("APP_PASSWORD", "word-hidden")
    opened = check_opening(calls, 2) or ""
    assert opened.startswith("2 rows of users.csv, with room each; APP_PASSWORD of the environment")
    assert "hidden" not in opened
    with pytest.raises(BadInput, match=r"^app\.data: .*users\.csv: 2 rows: a load of 4 needs 4"):
        check_opening(calls, 4)
    await check_pages(calls)
    assert pages.requests["/open"][0]["X-Room"] == "room-hidden-1"
    calls = load_experiment(tmp_path / "calls.yaml")
    (tmp_path / "mine.yaml").write_text(WITH_VALUES.replace("{app_url}?", "{app_url}/../basic?"))
    with pytest.raises(BadInput, match=r"basic\?room=\*\*\* answered 401"):
        await check_pages(calls)
