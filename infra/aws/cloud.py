"""Calls to AWS, and what its refusals mean to a user.

Credentials, profile and endpoint are found as the AWS command line finds them (`AWS_PROFILE`,
`~/.aws`, `AWS_ENDPOINT_URL`). Calls that AWS throttles are repeated for a while.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import boto3
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    PartialCredentialsError,
    ProfileNotFound,
    TokenRetrievalError,
)

from farm.errors import BadInput, CloudError, NoCapacity, NotThereYet

POLICY = "docs/aws.md has the IAM policy that suffices"
MOST_SAID = 300
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
"""There is a table of prices here: nobody has to wait for AWS's."""

_LOGIN = "log in again (aws sso login, aws configure, or new AWS_* variables)"
_EXPIRED = f"the AWS credentials have expired: {_LOGIN}"
_UNKNOWN = f"AWS does not know these credentials: {_LOGIN}"
_CREDENTIALS = {
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "RequestExpired": f"{_EXPIRED}, or set this machine's clock",
    "InvalidClientTokenId": _UNKNOWN,
    "UnrecognizedClientException": _UNKNOWN,
    "InvalidAccessKeyId": _UNKNOWN,
    "SignatureDoesNotMatch": _UNKNOWN,
    "AuthFailure": f"AWS does not accept these credentials, or the region is not enabled: {_LOGIN}",
}
_MAY_NOT = f"these AWS credentials may not {{operation}}{{where}}: {POLICY}"
_NO_IMAGE = "AWS has no such image{where}: {said}"
_USERS = {
    "UnauthorizedOperation": _MAY_NOT,
    "AccessDenied": _MAY_NOT,
    "AccessDeniedException": _MAY_NOT,
    "OptInRequired": "the account has not enabled this region{where} ({operation}: {said})",
    "InvalidInstanceType": "AWS has no such machine{where}: {said}",
    "InvalidAMIID.NotFound": _NO_IMAGE,
    "InvalidAMIID.Malformed": _NO_IMAGE,
    "NoSuchBucket": "there is no such bucket ({operation})",
}
_CAPACITY = {
    "InsufficientInstanceCapacity",
    "InsufficientHostCapacity",
    "InsufficientCapacity",
    "Unsupported",
    "UnsupportedOperation",
}
_LIMITS = {
    "VcpuLimitExceeded": "the account's limit of vCPUs for this kind of machine",
    "InstanceLimitExceeded": "the account's limit of instances of this type",
    "AddressLimitExceeded": "the account's limit of Elastic IPs in this region",
    "MaxSpotInstanceCountExceeded": "the account's limit of instances",
    "SecurityGroupLimitExceeded": "the account's limit of security groups",
    "RulesPerSecurityGroupLimitExceeded": "the account's limit of rules in a security group",
}
_THROTTLED = {"RequestLimitExceeded", "Throttling", "ThrottlingException", "SlowDown"}
_NOT_YET = {
    "DependencyViolation",
    "IncorrectInstanceState",
    "IncorrectState",
    "InvalidIPAddress.InUse",
}
_GONE = {
    "InvalidGroup.NotFound",
    "InvalidKeyPair.NotFound",
    "InvalidAllocationID.NotFound",
    "InvalidAssociationID.NotFound",
    "InvalidInstanceID.NotFound",
    "InvalidPermission.NotFound",
    "InvalidPermission.Duplicate",
    "InvalidGroup.Duplicate",
    "InvalidKeyPair.Duplicate",
}
"""Somebody was there first, or what was made a moment ago is not everywhere yet."""


class TokenSpent(CloudError):
    """The client token belongs to an instance that has ended."""


class Cloud:
    """An AWS account; one client a service and region, made when it is first asked for."""

    def __init__(self) -> None:
        with translated("", ""):
            self.session = boto3.session.Session()
        self._clients: dict[tuple[str, str], Any] = {}

    def client(self, service: str, region: str) -> Any:
        """Raises BadInput when there is no such region, or the profile is not there."""
        if (service, region) not in self._clients:
            with translated(service, region):
                config = CONFIG.merge(PATIENCE.get(service, Config()))
                self._clients[service, region] = self.session.client(
                    service, region_name=region, config=config
                )
        return self._clients[service, region]

    def call(self, operation: str, region: str, **params: Any) -> dict[str, Any]:
        """One call to EC2. Raises BadInput, CloudError and its kin."""
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
        """Raises BadInput naming `setting` for a region that AWS has never had."""
        known = self.session.get_available_regions("ec2")
        if region not in known:
            close = difflib.get_close_matches(region, known, 1)
            hint = f": did you mean {close[0]}?" if close else ""
            raise BadInput(f"{setting}: {region}: AWS has no such region{hint}")

    def regions(self) -> tuple[str, ...]:
        """Those that are enabled for the account."""
        home = self.session.region_name or HOME_REGION
        found = self.all("describe_regions", "Regions", home)
        return tuple(sorted(region["RegionName"] for region in found))


@contextmanager
def translated(operation: str, region: str) -> Iterator[None]:
    """What AWS and its library raise, as what a user can act on."""
    where = f" in {region}" if region else ""
    try:
        yield
    except ClientError as error:
        raise _refusal(error, operation, where) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise BadInput(
            "no AWS credentials here: aws configure, aws sso login, or AWS_PROFILE"
        ) from error
    except ProfileNotFound as error:
        raise BadInput(f"AWS_PROFILE: {error}") from error
    except TokenRetrievalError as error:
        raise BadInput(f"the AWS credentials have expired: {_LOGIN}") from error
    except NoRegionError as error:
        raise BadInput("no AWS region: AWS_DEFAULT_REGION, or aws.server.region") from error
    except EndpointConnectionError as error:
        raise CloudError(f"AWS is not reached{where}: {error}") from error
    except (BotoCoreError, HTTPClientError) as error:
        raise CloudError(f"AWS, {operation or 'setting up'}{where}: {error}") from error


def _refusal(error: ClientError, operation: str, where: str) -> Exception:
    code = str(error.response.get("Error", {}).get("Code", ""))
    message = str(error.response.get("Error", {}).get("Message", ""))
    said = " ".join(message.partition("Encoded auth")[0].split())[:MOST_SAID]
    if said.startswith("<"):  # a page of something in between, not AWS's own words
        said = "no reason given"
    if code in _USERS:
        return BadInput(_USERS[code].format(operation=operation, where=where, said=said))
    if code in _CREDENTIALS:
        return BadInput(f"{_CREDENTIALS[code]} ({operation}{where}: {code})")
    kind: type[CloudError] = CloudError
    text = f"AWS refused {operation}{where}: {said} ({code})"
    if code in _CAPACITY:
        kind, text = NoCapacity, f"AWS has no capacity{where} now: {said}"
    elif code in _LIMITS:
        text = f"{_LIMITS[code]} is reached{where}: ask for more under Service Quotas ({said})"
    elif code in _THROTTLED:
        text = f"AWS throttles {operation}{where} and did not stop: try later ({code})"
    elif code == "IdempotentInstanceTerminated":
        kind, text = TokenSpent, f"{operation}{where}: {said}"
    elif code in _NOT_YET | _GONE:
        kind, text = NotThereYet, f"{operation}{where}: {said}"
    return kind(text)
