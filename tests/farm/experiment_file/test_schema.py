import json
from importlib.resources import files

import jsonschema

from farm.experiment_file.schema import file_schema, schema


def test_the_committed_schema_is_up_to_date() -> None:
    committed = (files("farm") / "experiment.schema.json").read_text(encoding="utf-8")

    assert json.loads(committed) == file_schema(), (
        "run: python -m farm.experiment_file.schema > farm/experiment.schema.json"
    )


def test_it_is_a_schema() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())


def test_every_setting_says_what_it_is_and_what_it_expects() -> None:
    def walk(part: dict[str, object]) -> None:
        assert part["description"]
        assert part["$comment"]
        properties = part.get("properties", {})
        assert isinstance(properties, dict)
        for member in properties.values():
            walk(member)

    for member in schema()["properties"].values():
        walk(member)
