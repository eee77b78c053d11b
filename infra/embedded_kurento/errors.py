"""Refusals of the server, as JSON-RPC error objects.

    Refusal                     code, message and (Kurento's own) data.type
    ├── marshall_error          40001  a parameter is missing or of another type
    ├── invalid_session         40007
    ├── no_such_operation       40008
    ├── object_not_found        40101
    ├── event_not_supported     40106
    ├── type_not_available      40108
    ├── tag_not_found           40110
    ├── not_supported           40111  Kurento has it, this server does not
    └── SDP: 40201 parse, 40208 negotiated twice, 40209 answer without offer

Codes and messages are those a Kurento Media Server 7.3.0 was recorded to send; 40110, 40111, 40208
and 40209 are not in the recordings and follow its published list of error codes.
"""

from __future__ import annotations

from farm.errors import FarmError


class Refusal(FarmError):
    """A request that is refused with an error object. `type` is its `data.type`, if any."""

    def __init__(self, code: int, message: str, type: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.type = type


def marshall_error(message: str) -> Refusal:
    return Refusal(40001, message, "MARSHALL_ERROR")


def wrong_parameter(name: str, wanted: str) -> Refusal:
    """A parameter of another type; `wanted` is string, integer, double, boolean, list or object."""
    return marshall_error(f"'{name}' parameter should be a {wanted}")


def invalid_session() -> Refusal:
    return Refusal(40007, "Invalid session", "INVALID_SESSION")


def no_such_operation(operation: str, parameters: int) -> Refusal:
    message = f"Method '{operation}' with {parameters} parameters not found"
    return Refusal(40008, message, "MALFORMED_TRANSACTION")


def object_not_found(object_id: str) -> Refusal:
    return Refusal(40101, f"Object '{object_id}' not found", "MEDIA_OBJECT_NOT_FOUND")


def event_not_supported(event_type: str) -> Refusal:
    message = f"Event '{event_type}' not supported"
    return Refusal(40106, message, "MEDIA_OBJECT_EVENT_NOT_SUPPORTED")


def type_not_available(type_name: str) -> Refusal:
    return Refusal(40108, f"Factory '{type_name}' not found", "MEDIA_OBJECT_NOT_AVAILABLE")


def tag_not_found(key: str) -> Refusal:
    return Refusal(40110, f"Tag key '{key}' not found", "MEDIA_OBJECT_TAG_KEY_NOT_FOUND")


def not_supported(what: str) -> Refusal:
    message = f"{what} is not supported by the embedded server"
    return Refusal(40111, message, "MEDIA_OBJECT_OPERATION_NOT_SUPPORTED")


def out_of_bounds(uri: str, options: str) -> Refusal:
    return not_supported(f"A file in none of the folders of {options}, '{uri}',")


def sdp_not_parsed() -> Refusal:
    return Refusal(40201, "Invalid SDP", "SDP_PARSE_ERROR")


def already_negotiated() -> Refusal:
    return Refusal(40208, "Endpoint already negotiated", "SDP_END_POINT_ALREADY_NEGOTIATED")


def offer_not_generated() -> Refusal:
    message = "Offer not generated. It is not possible to process an answer"
    return Refusal(40209, message, "SDP_END_POINT_NOT_OFFER_GENERATED")
