"""AWS's error codes and messages as errors that a user can act on. Pure.

Codes are those of EC2, STS and S3: docs.aws.amazon.com, "Error codes for the Amazon EC2 API".
"""

from __future__ import annotations

import re

from farm.errors import BadInput, CloudError, FarmError, NoCapacity, NotThereYet

POLICY = "docs/aws.md has the IAM policy that suffices"
MOST_SAID = 300

_EXPIRED = "the AWS credentials have expired: log in again ({login})"
_UNKNOWN = "AWS does not know these credentials: log in again ({login})"
_CLOCK = "AWS says that this machine's clock is wrong: set it (timedatectl)"
_CREDENTIALS = {
    "ExpiredToken": _EXPIRED,
    "ExpiredTokenException": _EXPIRED,
    "RequestExpired": f"{_EXPIRED}, or set this machine's clock",
    "RequestTimeTooSkewed": _CLOCK,
    "RequestInTheFuture": _CLOCK,
    "RegionDisabledException": "the account has not enabled this region",
    "InvalidClientTokenId": _UNKNOWN,
    "UnrecognizedClientException": _UNKNOWN,
    "InvalidAccessKeyId": _UNKNOWN,
    "SignatureDoesNotMatch": _UNKNOWN,
    "InvalidSignatureException": _UNKNOWN,
    "AuthFailure": (
        "AWS does not accept these credentials: is the region enabled for the account, and this"
        " machine's clock right? Else log in again ({login})"
    ),
}
_MAY_NOT = "these AWS credentials may not {operation}{where}: {why}"
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
"""It exists already, or what was created a moment ago is not visible everywhere yet."""

_OF_CREDENTIALS = {
    "AssumeRole": "take its role",
    "AssumeRoleWithSAML": "take its role",
    "AssumeRoleWithWebIdentity": "take its role",
    "GetRoleCredentials": "take its role",
    "GetSessionToken": "begin a session",
}
"""Operations that botocore calls by itself to get credentials."""

_SKEWED = re.compile(r"Signature (?:expired|not yet current)")
_DENIED_BY = re.compile(
    r"explicit deny in an? [\w -]*policy|no [\w -]*(?:policy|boundary) allows", re.IGNORECASE
)


class TokenSpent(CloudError):
    """The client token belongs to an instance that has ended."""


def refusal(
    code: str, message: str, *, operation: str, asked: str, where: str, login: str
) -> FarmError:
    """The error to raise.

    `operation` is ours; `asked` is the one that AWS refused, which may be a role's, before it.
    `where` is " in REGION", `login` the command that gives new credentials.
    """
    said = " ".join(message.partition("Encoded auth")[0].split())[:MOST_SAID]
    if said.startswith("<"):  # a page of a proxy, not AWS's own message
        said = "no reason given"
    if _SKEWED.search(said):
        return BadInput(f"{_CLOCK} ({said})")
    if asked in _OF_CREDENTIALS and code not in _CREDENTIALS and code not in _THROTTLED:
        return BadInput(f"this AWS profile may not {_OF_CREDENTIALS[asked]}: {said} ({code})")
    if code in _USERS:
        text = _USERS[code].format(operation=operation, where=where, said=said, why=_why(said))
        return BadInput(text)
    if code in _CREDENTIALS:
        return BadInput(f"{_CREDENTIALS[code].format(login=login)} ({operation}{where}: {code})")
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


def _why(said: str) -> str:
    """Why, and who can mend it: an account's policy does not overrule its organisation's deny."""
    denied = _DENIED_BY.search(said)
    if denied is None:
        return POLICY
    by = denied[0]
    return f"{by} (ask who made it)" if by.lower().startswith("explicit") else f"{by}; {POLICY}"
