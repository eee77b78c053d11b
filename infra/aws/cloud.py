"""Calls to AWS; its refusals become errors that a user can act on.

Credentials, profile and endpoint are found as the AWS command line finds them (`AWS_PROFILE`,
`~/.aws`, `AWS_ENDPOINT_URL`). Calls that AWS throttles are repeated for a while.
"""

from __future__ import annotations

import difflib
import getpass
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TextIO

import boto3
import botocore.session
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    ConfigParseError,
    CredentialRetrievalError,
    EndpointConnectionError,
    HTTPClientError,
    InvalidConfigError,
    InvalidRegionError,
    LoginError,
    MissingDependencyException,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    RefreshWithMFAUnsupportedError,
    SSOError,
    TokenRetrievalError,
)

from farm.errors import BadInput, CloudError, FarmError
from infra.aws.refusals import MOST_SAID, refusal

HOME_REGION = "us-east-1"
CONFIG = Config(
    retries={"mode": "standard", "total_max_attempts": 8},
    connect_timeout=10,
    read_timeout=60,
    user_agent_extra="probe-farm",
)
PATIENCE = {
    "pricing": Config(
        retries={"mode": "standard", "total_max_attempts": 2}, connect_timeout=5, read_timeout=15
    )
}
"""Short: without an answer the table of prices in this package is used."""

_SETTINGS = (
    ConfigParseError,
    CredentialRetrievalError,
    InvalidConfigError,
    InvalidRegionError,
    MissingDependencyException,
    PartialCredentialsError,
)


class Cloud:
    """An AWS account, with one client for each service and region, made at its first use."""

    def __init__(self, ask: Callable[[str], str] | None = None, config: Config = CONFIG) -> None:
        """Finds the credentials; `ask` gets the MFA code of a role that wants one, at the terminal.

        `config` says how calls are made and repeated. Raises BadInput, CloudError.
        """
        self._config = config
        core = botocore.session.Session()
        try:
            with translated("", ""):
                roles = core.get_component("credential_provider").get_provider("assume-role")
                roles._prompter = ask or mfa_code  # else it takes a code from any standard input
                self.session = boto3.session.Session(botocore_session=core)
                credentials = core.get_credentials()
                if credentials is None:
                    raise NoCredentialsError
                credentials.get_frozen_credentials()
        except (OSError, ValueError) as error:  # of a program (credential_process), or its answer
            raise BadInput(
                f"the credentials of the AWS profile {_profile()}: {_line(error)}"
            ) from error
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str) -> Any:
        """The client of a service. Raises BadInput for an unknown region or profile."""
        if (service, region) not in self._clients:
            with translated(service, region):
                config = self._config.merge(PATIENCE.get(service, Config()))
                self._clients[service, region] = self.session.client(
                    service, region_name=region, config=config
                )
        return self._clients[service, region]

    def call(self, operation: str, region: str, **params: Any) -> dict[str, Any]:
        """One call to EC2. Raises BadInput, CloudError and its subclasses."""
        client = self.client("ec2", region)
        with translated(operation, region):
            answer: dict[str, Any] = getattr(client, operation)(**params)
            return answer

    def all(self, operation: str, what: str, region: str, **params: Any) -> list[dict[str, Any]]:
        """The items `what` of all pages of an answer of EC2."""
        client = self.client("ec2", region)
        with translated(operation, region):
            if not client.can_paginate(operation):
                return list(getattr(client, operation)(**params)[what])
            pages = client.get_paginator(operation).paginate(**params)
            return [item for page in pages for item in page[what]]

    def account(self) -> str:
        """The number of the account that the credentials belong to. Raises BadInput."""
        client = self.client("sts", self.session.region_name or HOME_REGION)
        with translated("get_caller_identity", ""):
            return str(client.get_caller_identity()["Account"])

    def check_region(self, region: str, setting: str) -> None:
        """Raises BadInput naming `setting` for a region that does not exist."""
        known = self.session.get_available_regions("ec2")
        if region not in known:
            close = difflib.get_close_matches(region, known, 1)
            hint = f": did you mean {close[0]}?" if close else ""
            raise BadInput(f"{setting}: {region}: AWS has no such region{hint}")

    def regions(self) -> tuple[str, ...]:
        """The regions that are enabled for the account; asks the first region that answers."""
        home = self.session.region_name or HOME_REGION
        others = (each for each in self.session.get_available_regions("ec2") if each != home)
        refused: FarmError | None = None
        for asked in (home, *others):
            try:
                found = self.all("describe_regions", "Regions", asked)
            except (BadInput, CloudError) as error:
                refused = refused or error
            else:
                return tuple(sorted(region["RegionName"] for region in found))
        assert refused is not None  # noqa: S101 - the home region is one
        raise refused


@contextmanager
def translated(operation: str, region: str) -> Iterator[None]:
    """Turns the errors of AWS and its library into errors that a user can act on."""
    where = f" in {region}" if region else ""
    try:
        yield
    except ClientError as error:
        found = error.response.get("Error", {})
        raise refusal(
            str(found.get("Code", "")),
            str(found.get("Message", "")),
            operation=operation,
            asked=error.operation_name,
            where=where,
            login=_login(),
        ) from error
    except NoCredentialsError as error:
        raise BadInput(
            "no AWS credentials here: aws configure, aws sso login, or AWS_PROFILE"
        ) from error
    except ProfileNotFound as error:
        raise BadInput(f"AWS_PROFILE: {_line(error)}") from error
    except (SSOError, TokenRetrievalError) as error:
        raise BadInput(f"the AWS SSO login has expired, or there was none: {_login()}") from error
    except LoginError as error:
        raise BadInput(f"aws login --profile {_profile()}: {_line(error)}") from error
    except RefreshWithMFAUnsupportedError as error:
        raise BadInput(
            "the session of the AWS role has expired, and a new one needs another MFA code:"
            " call again"
        ) from error
    except NoRegionError as error:
        raise BadInput(
            "no AWS region: set AWS_DEFAULT_REGION, or `region` in ~/.aws/config"
        ) from error
    except _SETTINGS as error:
        raise BadInput(f"AWS settings: {_line(error)}") from error
    except EndpointConnectionError as error:
        raise CloudError(f"AWS cannot be reached{where}: {_line(error)}") from error
    except (BotoCoreError, HTTPClientError) as error:
        raise CloudError(f"AWS, {operation or 'setting up'}{where}: {_line(error)}") from error


def _line(error: Exception) -> str:
    """An error on one line: programs and proxies write many."""
    return " ".join(str(error).split())[:MOST_SAID]


def mfa_code(
    prompt: str,
    keyboard: TextIO | None = None,
    typed: Callable[[str, TextIO], str] = getpass.getpass,
) -> str:
    """The MFA code, asked for at the terminal: `typed` reads it unseen from `keyboard`.

    Raises BadInput without a terminal.
    """
    no_terminal = (
        f"the role of the AWS profile {_profile()} needs an MFA code, and there is no terminal to"
        " ask for it: call from a terminal, or give the keys of a session (aws configure"
        f" export-credentials --profile {_profile()} --format env)"
    )
    if not (keyboard or sys.stdin).isatty():
        raise BadInput(no_terminal)
    try:
        return typed(prompt, sys.stderr)
    except EOFError:
        raise BadInput(no_terminal) from None


def _profile() -> str:
    return os.environ.get("AWS_PROFILE") or os.environ.get("AWS_DEFAULT_PROFILE") or "default"


def _login() -> str:
    """The command that gives new credentials of the same kind."""
    if "AWS_ACCESS_KEY_ID" in os.environ:
        return "new AWS_* variables: those are used here"
    name, passed = _profile(), set[str]()
    try:
        profiles = botocore.session.Session().full_config.get("profiles", {})
    except BotoCoreError:
        profiles = {}
    while name not in passed:  # a role is taken with the credentials of another profile
        passed.add(name)
        own = profiles.get(name, {})
        if "sso_session" in own or "sso_start_url" in own:
            return f"aws sso login --profile {name}"
        name = own.get("source_profile", name)
    return f"aws configure --profile {name}, or aws sso login --profile {name}"
