"""Settings by which a page is opened: what is refused, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from farm.errors import ExperimentError
from farm.experiment_file import as_yaml, load_experiment, parse_experiment

URL = "  url: https://app.example.org/\n"


@pytest.mark.parametrize(
    ("app", "complaint"),
    [
        ("  headers: {X-Tenant: 4}", "app.headers.X-Tenant: 4: expected text"),
        ("  headers: {X Tenant: a}", "app.headers: X Tenant: expected the name of a header"),
        ("  headers: {Cookie: a}", "app.headers.Cookie: browsers set it: expected app.storage_s"),
        ("  headers: {X-A: a, x-a: b}", "app.headers: a name occurs twice"),
        ('  headers: {X-A: "a\\nb"}', "app.headers.X-A: expected one line of ASCII text"),
        ("  headers: [a]", "expected names with their texts, such as {X-Tenant: acme}"),
        ("  basic_auth_env: me:secret", "app.basic_auth_env: expected the name of a variable of"),
        ("  permissions: [clipboard]", r"app.permissions\[0\]: clipboard: did you mean clipboard-"),
        ("  permissions: [telepathy]", r"app.permissions\[0\]: telepathy: expected one of accel"),
        ("  locale: german please", "app.locale: german please: expected a language such as de-DE"),
        ("  timezone: Europe/Berln", "Europe/Berln: there is none: did you mean Europe/Berlin?"),
        ('  storage_state: "{prob}.json"', r"app.storage_state: {prob}: did you mean {probe}?"),
        ("  client_certificates: []", "app.client_certificates: .*expected a list, not empty"),
        ("  client_certificates: [{key: a}]", r"\[0\].cert: nothing: expected a PEM file"),
        (
            "  client_certificates: [{cert: a, key: b, origin: http://h/}]",
            r"\[0\].origin: http://h/: only TLS has certificates: expected https://host",
        ),
        (
            "  client_certificates: [{cert: a, key: b, passphrase: my secret}]",
            r"\[0\].passphrase: expected env:NAME: it is not recorded$",
        ),
    ],
)
def test_what_cannot_be_used_is_said_with_its_place(app: str, complaint: str) -> None:
    with pytest.raises(ExperimentError, match=complaint) as caught:
        parse_experiment(f"format: 1\napp:\n{URL}{app}\n", "calls.yaml")
    assert str(caught.value).startswith("calls.yaml:4: app.")
    assert "secret" not in str(caught.value)


def test_two_logins_are_one_too_many() -> None:
    with_login = "app: {url: https://me:hidden@h/, basic_auth_env: APP_LOGIN}"
    with pytest.raises(ExperimentError, match=r"expected null beside https://me:.*@h/$") as caught:
        parse_experiment(f"format: 1\n{with_login}\n", "calls.yaml")
    assert "hidden" not in str(caught.value)
    with pytest.raises(ExperimentError, match="our demo app has no login"):
        parse_experiment("format: 1\napp: {basic_auth_env: APP_LOGIN}\n", "calls.yaml")


def test_all_of_them_read_back(tmp_path: Path) -> None:
    text = f"""
format: 1
app:
{URL}  headers: {{X-Tenant: acme, X-Key: "env:APP_KEY"}}
  basic_auth_env: APP_LOGIN
  storage_state: "states/{{probe}}.json"
  client_certificates: [{{cert: me.pem, key: me.key, passphrase: env:PASS}}]
  permissions: [clipboard-read, notifications]
  locale: de-DE
  timezone: Europe/Berlin
  user_agent: Mozilla/5.0 of mine
probes: {{device: Pixel 7}}
"""
    file = tmp_path / "calls.yaml"
    file.write_text(text)
    experiment = load_experiment(file)
    assert experiment.app.storage_state == f"{tmp_path}/states/{{probe}}.json"
    (certificate,) = experiment.app.client_certificates or ()
    assert certificate.cert == tmp_path / "me.pem"
    assert parse_experiment(as_yaml(experiment), "again.yaml") == experiment
