"""`scenario.roles` of an experiment file: its schema, and its values to and from plain ones.

roles:
  host: {count: 1, sends: [audio, video], receives: all_others}
  guest: {count: 3, sends: [audio, data], receives: {host: [audio, video], guest: {audio: 2}}}
  caller: {sends: [audio], receives: {server: [audio]}}

`data` are messages of data channels; `server` is the media server with media of its own.
"""

from __future__ import annotations

import typing
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from farm.model.session_roles import SERVER, RoleStreams, SentMedia, SessionRole

ALL_OTHERS = "all_others"
NOTHING = "none"
MOST = 1000
MEDIA: tuple[SentMedia, ...] = typing.get_args(SentMedia)
DATA = "data"


def roles_schema() -> dict[str, Any]:
    """The JSON schema of `scenario.roles`."""
    kinds = (*MEDIA, DATA)
    counted = {"enum": list(MEDIA), "$comment": " or ".join([", ".join(MEDIA[:-1]), MEDIA[-1]])}
    media = {"enum": list(kinds), "$comment": " or ".join([", ".join(kinds[:-1]), kinds[-1]])}
    count = {
        "type": "integer",
        "minimum": 1,
        "maximum": MOST,
        "description": "of each session",
        "$comment": f"a whole number from 1 to {MOST}",
    }
    sends = {
        "type": "array",
        "items": media,
        "uniqueItems": True,
        "description": "what each of them sends",
        "$comment": "a list of what they send, such as [audio, video], or [] for nothing",
    }
    number = {"type": "integer", "minimum": 0, "$comment": "a whole number, 0 or more"}
    of_role = {
        "type": ["array", "object"],
        "items": media,
        "uniqueItems": True,
        "propertyNames": counted,
        "additionalProperties": number,
        "$comment": "a list such as [audio, video], or numbers such as {audio: 2, video: 1}",
    }
    receives = {
        "type": ["string", "object"],
        "pattern": f"^({ALL_OTHERS}|{NOTHING})$",
        "additionalProperties": of_role,
        "description": "what each of them is owed",
        "$comment": f"{ALL_OTHERS}, {NOTHING}, or by role, such as {{host: [audio, video]}}; the "
        f"media server with media of its own is {SERVER}",
    }
    role = {
        "type": "object",
        "required": ["sends"],
        "additionalProperties": False,
        "properties": {"count": count, "sends": sends, "receives": receives},
        "$comment": "a mapping with sends, and with count and receives if not 1 and all_others",
    }
    return {
        "type": "object",
        "minProperties": 1,
        "additionalProperties": role,
        "$comment": "roles by name, such as host: {count: 1, sends: [audio, video]}",
    }


def roles_of(plain: Mapping[str, Mapping[str, Any]]) -> tuple[SessionRole, ...]:
    """The roles of a mapping that the schema has accepted."""
    return tuple(
        SessionRole(
            name,
            sends=tuple(media for media in MEDIA if media in role["sends"]),
            count=role.get("count", 1),
            receives=_receives(role.get("receives", ALL_OTHERS)),
            sends_data=DATA in role["sends"],
            receives_data=_receives_data(role.get("receives", ALL_OTHERS)),
        )
        for name, role in plain.items()
    )


def plain_roles(roles: Sequence[SessionRole]) -> dict[str, Any]:
    """The roles as in a file, which `roles_of` reads back as the same."""
    return {
        role.name: {
            "count": role.count,
            "sends": [*role.sends, *([DATA] if role.sends_data else [])],
            "receives": ALL_OTHERS if role.receives is None else _plain_receives(role),
        }
        for role in roles
    }


def _receives(plain: str | Mapping[str, Any]) -> tuple[RoleStreams, ...] | None:
    if isinstance(plain, str):
        return None if plain == ALL_OTHERS else ()
    return tuple(_of_roles(plain))


def _receives_data(plain: str | Mapping[str, Any]) -> tuple[str, ...]:
    if isinstance(plain, str):
        return ()
    return tuple(role for role, given in plain.items() if DATA in given)


def _of_roles(plain: Mapping[str, Any]) -> Iterator[RoleStreams]:
    for role, given in plain.items():
        for media in MEDIA:
            if media in given:
                yield RoleStreams(role, media, None if isinstance(given, list) else given[media])


def _plain_receives(role: SessionRole) -> Any:
    receives, data = role.receives or (), role.receives_data
    if not receives and not data:
        return NOTHING
    plain: dict[str, Any] = {}
    for name in dict.fromkeys([*(each.role for each in receives), *data]):
        streams = [each for each in receives if each.role == name]
        limited = any(each.most is not None for each in streams)
        plain[name] = (
            {each.media: each.most for each in streams}
            if limited
            else [*(each.media for each in streams), *([DATA] if name in data else [])]
        )
    return plain
