"""Invokes operations by name on objects, with parameters checked against the definitions.

Pure but for what the called method does. Objects are passed by id over the wire and handed to
methods as objects; enumerations stay strings, complex types dictionaries.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from infra.embedded_kurento.definitions import Parameter, definitions
from infra.embedded_kurento.errors import (
    marshall_error,
    no_such_operation,
    not_supported,
    wrong_parameter,
)
from infra.embedded_kurento.objects import (
    MediaObject,
    ObjectTree,
    getter_of,
    operation_of,
    snake_case,
)

_SIMPLE: dict[str, tuple[tuple[type, ...], str]] = {
    "String": ((str,), "string"),
    "int": ((int,), "integer"),
    "int64": ((int,), "integer"),
    "float": ((int, float), "double"),
    "double": ((int, float), "double"),
    "boolean": ((bool,), "boolean"),
}


def invoke(tree: ObjectTree, target: MediaObject, operation: str, params: Mapping[str, Any]) -> Any:
    """Call an operation and return what the method returns: a value, or an awaitable of one.

    Raises `Refusal`: no such operation (40008), not in this server (40111), a parameter missing
    or of another type (40001), an object that does not exist (40101).
    """
    method = definitions().method(target.type_name, operation)
    if method is not None:
        name = operation_of(target, operation)
        if name is None:
            raise not_supported(f"{target.type_name}.{operation}")
        return getattr(target, name)(**arguments(tree, method.parameters, params))
    found = definitions().property(target.type_name, operation)
    if found is None or (found[1] and not found[0].settable):
        raise no_such_operation(operation, len(params))
    described, is_set = found
    if is_set:
        parameter = Parameter(described.name, described.type, optional=False, default=None)
        target.values[described.name] = _convert(tree, parameter, params.get(described.name))
        return None
    return read(target, described.name)


def read(target: MediaObject, property_name: str) -> Any:
    """The value of a property: computed, or the one kept in `values`."""
    getter = getter_of(target, property_name)
    if getter is not None:
        return getattr(target, getter)()
    if property_name not in target.values:
        raise not_supported(f"{target.type_name}.{property_name}")
    return target.values[property_name]


def arguments(
    tree: ObjectTree, parameters: tuple[Parameter, ...], params: Mapping[str, Any]
) -> dict[str, Any]:
    """Keyword arguments in snake case; absent optional ones take their default or are left out."""
    converted: dict[str, Any] = {}
    for parameter in parameters:
        value = params.get(parameter.name)
        if value is None and parameter.optional:
            value = parameter.default
            if value is None:
                continue
        converted[snake_case(parameter.name)] = _convert(tree, parameter, value)
    return converted


def _convert(tree: ObjectTree, parameter: Parameter, value: Any) -> Any:
    kind, name = parameter.type, parameter.name
    if kind.endswith("[]"):
        if not isinstance(value, list):
            raise wrong_parameter(name, "list")
        return value
    if kind in _SIMPLE:
        types, wanted = _SIMPLE[kind]
        if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
            raise wrong_parameter(name, wanted)
        return value
    if kind in definitions().enums:
        if not isinstance(value, str):
            raise wrong_parameter(name, "string")
        if value not in definitions().enums[kind]:
            raise marshall_error(f"Invalid value '{value}' of '{name}': no {kind}")
        return value
    if kind in definitions().classes:
        if not isinstance(value, str):
            raise wrong_parameter(name, "string")
        found = tree.find(value)
        if not definitions().is_a(found.type_name, kind):
            raise marshall_error(f"'{name}' parameter should be a {kind}: '{value}'")
        return found
    if not isinstance(value, dict):
        raise wrong_parameter(name, "object")
    return value
