"""A run on a page behind a login, in which no secret of it is written anywhere."""

from __future__ import annotations

import asyncio
import json
import re
from collections.abc import Iterator
from pathlib import Path

import polars as pl
import pytest

from farm.cli.__main__ import main
from tests.farm_process import farm
from tests.login_page import COOKIE, HEADER, LOGIN, USERS, login_pages
from tests.unjudged import UNJUDGED

pytestmark = pytest.mark.live

PASSED, FAILED = 0, 1
STORED = "stored-secret-6631"
TICKET = "ticket-secret-1204"

DRIVER = """
format: 1
roles:
  callee: &role
    join:
      - http:
          url: "{app_url}api/login"
          json: {user: "{user}", password: "{password}"}
          save: {token: data.accessToken}
      - goto: "{app_url}room?calls=1&user={user}&token={token}&ticket={ticket}"
      - fill: {"#name": "{user} env"}
      - fill: {"#name": "env:APP_KEY"}
    joined:
      - wait_for: {function: "document.body.dataset.state === 'in call'"}
  caller: *role
"""

CALLS = """
format: 1
scenario: one_to_one
app:
  url: {url}
  driver: ./mine.yaml
  data: users.csv
  exec: {{command: cat ticket.txt, gives: [ticket], per: trial}}
  basic_auth_env: APP_LOGIN
  storage_state: state.json
  headers: {{X-Key: "env:APP_KEY", X-User: "{{user}}"}}
  locale: de-DE
server: {{kurento: null}}
probes: {{device: Pixel 7}}
media: {{size: 320x240, frame_rate: 10}}
trial: {{load: {load}, settle: 2s, hold: 8s, window: 4s}}
"""


def texts_below(folder: Path) -> Iterator[tuple[Path, str]]:
    """Each file's text, its pictures aside; tables are decoded."""
    for path in sorted(folder.rglob("*")):
        if path.suffix == ".parquet":
            yield path, str(pl.read_parquet(path).to_dicts())
        elif path.is_file() and path.suffix != ".png":
            yield path, path.read_text(errors="replace")


async def test_no_secret_is_in_what_a_run_writes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("APP_LOGIN", ":".join(LOGIN))
    monkeypatch.setenv("APP_KEY", HEADER)
    rows = [f"{user},{password}" for user, password in USERS.items()]
    rejected = "carol-3377,another-wrong-1"
    (tmp_path / "users.csv").write_text("\n".join(["user,password", *rows, *rows[:1], rejected]))
    (tmp_path / "ticket.txt").write_text(TICKET)
    (tmp_path / "mine.yaml").write_text(_without_alias(DRIVER))
    async with login_pages() as pages:
        stored = {"origin": pages.url[:-1], "localStorage": [{"name": "key", "value": STORED}]}
        cookie = {"name": "session", "value": COOKIE, "domain": "127.0.0.1", "path": "/"}
        state = {"cookies": [cookie], "origins": [stored]}
        (tmp_path / "state.json").write_text(json.dumps(state))
        calls = CALLS.format(url=pages.url, load=4) + UNJUDGED
        (tmp_path / "experiment.yaml").write_text(calls)
        doctor = await asyncio.to_thread(main, ["doctor", str(tmp_path / "experiment.yaml")])
        findings = capfd.readouterr().out
        assert doctor == PASSED, findings
        assert (
            "4 rows of users.csv, with password, user each; ticket by cat ticket.txt (" in findings
        )
        with farm(tmp_path, "run", "--absolute", experiment=calls) as run:
            code = await asyncio.to_thread(run.wait)
            output = run.read_output()
            assert run.left() == []
        assert code == FAILED, output
        assert pages.last("/room")["X-Key"] == HEADER
        assert {headers["X-User"] for headers in pages.requests["/room"]} == {*USERS}
        assert "Pixel 7" in pages.last("/room")["User-Agent"]
    refused = f"join step 1, http POST {pages.url}api/login: answered 403 Forbidden: 'no user ***"
    assert re.search(rf"p003 \(caller of s001\): \S+/mine.yaml:17: {re.escape(refused)}", output)
    for words in (["--export", "csv"], ["--export", "webrtc-internals"], ["--rows", "events"]):
        assert main(["report", str(run.run), *words]) == PASSED
    printed = capfd.readouterr()
    files = dict(texts_below(run.run))
    written = [*files.items(), (Path("output"), output), (Path("printed"), str(printed))]
    secrets = [
        *USERS,
        *USERS.values(),
        *rejected.split(","),
        HEADER,
        COOKIE,
        STORED,
        TICKET,
        LOGIN[1],
    ]
    secrets += [f"token-of-{user}" for user in USERS]
    for secret in secrets:
        assert [str(path) for path, text in written if secret.lower() in text.lower()] == []
    events = "".join(text for path, text in files.items() if path.name.startswith("events"))
    assert "*** came with *** and *** by " in events
    assert "user=***&token=***&ticket=***" in events
    assert "the session of *** is odd" in events
    assert "/socket?user=***&token=*** closed with code 4001 bye ***" in events
    manifest = json.loads((run.run / "manifest.json").read_text())
    assert manifest["data"]["columns"] == ["user", "password"]
    assert manifest["data"]["rows"] == len(rows) + 2


def _without_alias(text: str) -> str:
    """The driver with its second role written out: there are no aliases in drivers."""
    head, _, rest = text.partition("  callee: &role\n")
    steps = rest.partition("  caller: *role\n")[0]
    return f"{head}  callee:\n{steps}  caller:\n{steps}"
