import pytest

from farm.errors import ExperimentError
from farm.experiment_file.yaml_nodes import read_yaml


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1:1", "1:1"),  # not 61
        ("190:20:30", "190:20:30"),
        ("010", "010"),  # not 8
        ("0x10", "0x10"),
        ("1_000", "1_000"),
        ("on", "on"),  # not True
        ("no", "no"),
        ("2026-11-22", "2026-11-22"),  # not a date
        ("<<", "<<"),
        ("12", 12),
        ("98765432109876543210", 98765432109876543210),  # a telephone number in a form's field
        ("1e-999", 0.0),
        ("-3", -3),
        ("0.95", 0.95),
        ("1e3", 1000.0),
        ("'12'", "12"),
        ("true", True),
        ("null", None),
        ("~", None),
        ("", None),
    ],
)
def test_a_value_means_what_it_looks_like(text: str, value: object) -> None:
    found = read_yaml(f"key: {text}", "x.yaml").value["key"]

    assert found == value
    assert type(found) is type(value)


def test_each_value_knows_its_line() -> None:
    document = read_yaml("trial:\n  hold: 4m\nhosts:\n- place: a\n- place: b\n", "x.yaml")

    assert document.place(("trial", "hold")) == "x.yaml:2: trial.hold"
    assert document.place(("hosts", 1, "place")) == "x.yaml:5: hosts[1].place"
    assert document.place(("trial", "poll")) == "x.yaml:1: trial.poll"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("trial:\n  hold: 4m\n  hold: 5m\n", "x.yaml:3: trial.hold: the key occurs twice, "),
        ("a: b: c\n", "x.yaml:1: not YAML: mapping values are not allowed here"),
        ("a: !!python/object:os.system {}\n", "x.yaml:1: a: no tags here: "),
        ("a: !!binary aGk=\n", "x.yaml:1: a: no tags here: "),
        (
            "a: &x 1\nb: *x\n",
            "x.yaml:2: not YAML: alias *x: aliases are not taken here, write the value out",
        ),
        ("a: 1\n? [b]\n: 2\n", "x.yaml:2: a key must be a word"),
        ("a: 1\nb: \x00", "x.yaml:2: not YAML: character U+0000 is not allowed"),
        ("a: '\ufffe'", "x.yaml:1: not YAML: character U+FFFE is not allowed"),
        ('a: "b\\0"', "x.yaml:1: a: U+0000 is not allowed"),
        ("a: {b: 1}\nc:\n  " + "[" * 3000, "x.yaml:3: not YAML: nested more than 32 deep"),
        ("a: " + "{b: " * 3000, "x.yaml:1: not YAML: nested more than 32 deep"),
        ("a:\n  b: -" + "9" * 5000, "x.yaml:2: a.b: -9999999999999999999...: larger than any "),
        ("a: 1e400", "x.yaml:1: a: 1e400: larger than any number here"),
        ("a: 1\n---\nb: 2", "x.yaml:2: not YAML: "),
    ],
)
def test_what_cannot_be_read_is_told_with_its_line(text: str, message: str) -> None:
    with pytest.raises(ExperimentError) as caught:
        read_yaml(text, "x.yaml")
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)
