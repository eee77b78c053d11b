"""Credentials that are not there, not yet, or not any more: one line, and what mends it."""

from __future__ import annotations

import io
from functools import partial
from pathlib import Path

import pytest

from farm.cli.__main__ import main
from farm.errors import BadInput, CloudError, FarmError
from infra.aws.cloud import Cloud, mfa_code
from infra.aws.refusals import refusal

CONFIG = """\
[profile keys]
region = us-east-1
[profile mfa]
region = us-east-1
role_arn = arn:aws:iam::123456789012:role/farm
source_profile = keys
mfa_serial = arn:aws:iam::123456789012:mfa/user
[profile sso]
sso_session = company
sso_account_id = 123456789012
sso_role_name = farm
region = us-east-1
[profile old-sso]
sso_start_url = https://company.awsapps.example/start
sso_region = us-east-1
sso_account_id = 123456789012
sso_role_name = farm
region = us-east-1
[profile by-sso]
role_arn = arn:aws:iam::123456789012:role/farm
source_profile = sso
region = us-east-1
[sso-session company]
sso_region = us-east-1
sso_start_url = https://company.awsapps.example/start
[profile fails]
region = us-east-1
credential_process = sh -c "echo the vault is locked >&2; exit 3"
[profile no-program]
region = us-east-1
credential_process = no-such-program-anywhere
[profile no-json]
region = us-east-1
credential_process = echo hello
[profile half]
region = us-east-1
"""
KEYS = """\
[keys]
aws_access_key_id = testing
aws_secret_access_key = testing
[half]
aws_access_key_id = testing
"""


@pytest.fixture(autouse=True)
def settings(aws: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    (tmp_path / "config").write_text(CONFIG)
    (tmp_path / "credentials").write_text(KEYS)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "credentials"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.delenv("AWS_ACCESS_KEY_ID")
    monkeypatch.delenv("AWS_SECRET_ACCESS_KEY")
    return tmp_path


@pytest.mark.parametrize(
    ("profile", "says"),
    [
        ("mfa", "AWS profile mfa needs an MFA code, and there is no terminal to ask for it: call"),
        ("sso", "the AWS SSO login has expired, or there was none: aws sso login --profile sso"),
        (
            "old-sso",
            "the AWS SSO login has expired, or there was none: aws sso login --profile old",
        ),
        ("by-sso", "the AWS SSO login has expired, or there was none: aws sso login --profile sso"),
        ("fails", "custom-process: the vault is locked"),
        ("no-program", "the AWS profile no-program: "),
        ("no-json", "the AWS profile no-json: "),
        ("half", "missing: aws_secret_access_key"),
        ("nobody", "AWS_PROFILE: The config profile (nobody) could not be found"),
    ],
)
def test_what_is_wrong_with_credentials_is_one_line(
    profile: str,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("AWS_PROFILE", profile)
    for words in (["provision", "--list"], ["teardown", "--all"]):
        assert main(words) == 2
        complaint = capfd.readouterr().err
        assert says in complaint
        assert complaint.count("\n") == 1


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


def test_a_pipe_is_asked_for_no_code(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "mfa")
    with pytest.raises(BadInput, match="there is no terminal to ask for it"):
        Cloud(partial(mfa_code, keyboard=io.StringIO("123456\n")))


def test_at_a_terminal_the_code_of_a_role_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def typed(prompt: str, _stream: object) -> str:
        asked.append(prompt)
        return "123456"

    monkeypatch.setenv("AWS_PROFILE", "mfa")
    cloud = Cloud(partial(mfa_code, keyboard=Terminal(), typed=typed))
    assert cloud.account() == "123456789012"
    assert asked == ["Enter MFA code for arn:aws:iam::123456789012:mfa/user: "]


def test_a_terminal_that_hangs_up_is_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    def hung_up(_prompt: str, _stream: object) -> str:
        raise EOFError

    monkeypatch.setenv("AWS_PROFILE", "mfa")
    with pytest.raises(BadInput, match="there is no terminal to ask for it"):
        Cloud(partial(mfa_code, keyboard=Terminal(), typed=hung_up))


def test_a_settings_file_that_is_none_and_a_region_that_is_none_are_said(
    settings: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_PROFILE", "keys")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us east 1")
    with pytest.raises(BadInput, match=r"AWS settings: .*us east 1"):
        Cloud().account()
    (settings / "config").write_text("this is no settings file\n")
    with pytest.raises(BadInput, match="AWS settings: Unable to parse config file"):
        Cloud()


def refused(code: str, says: str = "no", asked: str = "DescribeInstances") -> FarmError:
    return refusal(
        code,
        says,
        operation="describe_instances",
        asked=asked,
        where=" in eu-south-1",
        login="aws sso login --profile x",
    )


@pytest.mark.parametrize(
    ("code", "says", "told"),
    [
        ("ExpiredToken", "", "expired: log in again (aws sso login --profile x)"),
        ("AuthFailure", "", "is the region enabled for the account, and this machine's clock"),
        ("OptInRequired", "", "the account has not enabled this region in eu-south-1"),
        ("RequestTimeTooSkewed", "", "says that this machine's clock is wrong"),
        (
            "SignatureDoesNotMatch",
            "Signature expired: 20261130T000000Z is now earlier than 20261130T010000Z",
            "says that this machine's clock is wrong",
        ),
        ("SignatureDoesNotMatch", "", "AWS does not know these credentials"),
        ("UnauthorizedOperation", "You are not authorized.", "docs/aws.md has the IAM policy"),
        (
            "UnauthorizedOperation",
            "not authorized to perform: ec2:RunInstances with an explicit deny in a service"
            " control policy. Encoded authorization failure message: abc",
            "explicit deny in a service control policy (ask who made it)",
        ),
        (
            "AccessDenied",
            "because no permissions boundary allows the ec2:RunInstances action",
            "no permissions boundary allows; docs/aws.md",
        ),
    ],
)
def test_what_the_user_can_mend_is_said_by_the_code(code: str, says: str, told: str) -> None:
    error = refused(code, says)
    assert isinstance(error, BadInput)
    assert told in str(error)


def test_a_role_that_is_not_given_is_no_question_of_our_policy() -> None:
    error = refused(
        "AccessDenied",
        "MultiFactorAuthentication failed with invalid MFA one time pass code.",
        asked="AssumeRole",
    )
    assert isinstance(error, BadInput)
    assert str(error) == (
        "this AWS profile may not take its role: MultiFactorAuthentication failed with invalid MFA"
        " one time pass code. (AccessDenied)"
    )


def test_limits_name_service_quotas() -> None:
    error = refused("VcpuLimitExceeded", "You have requested more vCPU capacity than ...")
    assert isinstance(error, CloudError)
    assert "limit of vCPUs for this kind of machine is reached in eu-south-1" in str(error)
