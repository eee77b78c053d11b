"""A price table: YAML -> PriceTable.

format: 1
currency: USD
date: 2026-11-01
source: AWS price list, on demand, Linux, shared tenancy
machines:
  - {machine: c4.2xlarge, region: us-east-1, per_hour: 0.398, vcpus: 8, memory_gib: 15}
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import jsonschema

from farm.errors import BadInput
from farm.experiment_file.yaml_nodes import read_yaml
from farm.files.text_file import text_of
from farm.results.cost import MachinePrice, PriceTable

_SCHEMA: dict[str, Any] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["format", "currency", "date", "source", "machines"],
    "properties": {
        "format": {"const": 1},
        "currency": {"type": "string", "pattern": "^[A-Z]{3}$"},
        "date": {"type": "string", "pattern": "^[0-9]{4}-[0-9]{2}-[0-9]{2}$"},
        "source": {"type": "string", "minLength": 1},
        "machines": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "additionalProperties": False,
                "required": ["machine", "region", "per_hour", "vcpus"],
                "properties": {
                    "machine": {"type": "string", "minLength": 1},
                    "region": {"type": "string", "minLength": 1},
                    "per_hour": {"type": "number", "exclusiveMinimum": 0},
                    "vcpus": {"type": "integer", "minimum": 1},
                    "memory_gib": {"type": "number", "exclusiveMinimum": 0},
                    "network_gbps": {"type": "number", "exclusiveMinimum": 0},
                    "architecture": {"enum": ["x86_64", "arm64"]},
                },
            },
        },
    },
}


def read_price_table(path: Path, called: str) -> PriceTable:
    """The table in a file; `called` is the setting that names it. Raises BadInput, one line."""
    try:
        text = text_of(path)
    except BadInput as error:
        raise BadInput(f"{called}: {error}") from error
    return parse_price_table(text, str(path))


def parse_price_table(text: str, source: str) -> PriceTable:
    """The table in a text; `source` is its name in messages. Raises BadInput."""
    document = read_yaml(text, source)
    for wrong in jsonschema.Draft202012Validator(_SCHEMA).iter_errors(document.value):
        raise BadInput(f"{document.place(tuple(wrong.absolute_path))}: {wrong.message}")
    plain = document.value
    return PriceTable(
        plain["currency"],
        plain["date"],
        plain["source"],
        tuple(MachinePrice(**machine) for machine in plain["machines"]),
    )
