"""The files, settings, experiments and names that the documents mention exist."""

from __future__ import annotations

import json
import re
import textwrap
import tomllib
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, get_args

import pytest

from farm.cli.__main__ import VERBS
from farm.drivers.reading import parse_driver
from farm.drivers.step_reading import STEP_KEYS
from farm.drivers.steps import step_name
from farm.experiment_file import parse_experiment
from farm.experiment_file.matrix import is_matrix, load_matrix
from farm.model.experiment import Experiment
from farm.model.verdict import Outcome
from farm.planning.load_steps import ladder
from farm.recording.journal import JournalEntry
from farm.results.answer_lines import two_lines
from farm.results.summary import size_summary
from farm.search.capacity_estimate import CapacityEstimate, State
from tests.farm.trial_evidence import judged_trial

ROOT = Path(__file__).parents[1]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OF_APPS = sorted((ROOT / "docs/apps").glob("*.md"))


def pages() -> pytest.MarkDecorator:
    return pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def fenced(page: Path, language: str) -> Iterator[str]:
    yield from re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)


@pytest.mark.parametrize("page", [*PAGES, *OF_APPS], ids=lambda page: page.name)
def test_links_lead_to_files_that_are_there(page: Path) -> None:
    links = re.findall(r"\]\(([^)#]+)\)", page.read_text())
    lost = [link for link in links if "://" not in link and not (page.parent / link).exists()]
    assert not lost


@pages()
def test_files_that_are_named_are_there(page: Path) -> None:
    rooms = "farm|infra|reports|tests|browser_scripts|docs|examples|benchmarks"
    named = re.findall(rf"\b(?:{rooms})/[\w/.-]*\w\.\w+", page.read_text())
    assert not [name for name in named if not (ROOT / name).exists() and "NAME" not in name]


def test_every_experiment_in_the_documents_and_examples_can_be_searched(tmp_path: Path) -> None:
    documents = (*PAGES, *OF_APPS)
    texts = [text for page in documents for text in fenced(page, "yaml") if "scenario:" in text]
    texts += [path.read_text() for path in sorted((ROOT / "examples").glob("*.yaml"))]
    assert len(texts) > 6
    for text in texts:
        file = tmp_path / "example.yaml"
        file.write_text(text)
        if is_matrix(file):
            assert all(ladder(cell.experiment).loads for cell in load_matrix(file))
        else:
            assert ladder(parse_experiment(text, "an example")).loads


def test_what_joined_waits_for_in_the_documents_can_be_read() -> None:
    head = 'format: 1\nroles:\n  member:\n    join: [{goto: "{app_url}"}]\n'
    blocks = [text for text in fenced(ROOT / "docs/drivers.md", "yaml") if "    joined:" in text]
    parts = [text for text in blocks if "roles:" not in text]
    assert parts
    for text in parts:
        assert parse_driver(head + text, "an example", ROOT).roles["member"].joined


def test_the_readme_lists_every_verb_and_no_other() -> None:
    listed = re.findall(r"^\| `farm ([\w-]+)", (ROOT / "README.md").read_text(), re.MULTILINE)
    assert sorted(set(listed)) == sorted(VERBS)


def test_the_architecture_names_every_package_and_no_other() -> None:
    text = (ROOT / "docs/architecture.md").read_text()
    rows = re.findall(r"^\| `([a-z_/.]+)` \|", text, re.MULTILINE)
    packages = {
        f"{path.parent.relative_to(ROOT)}/".removeprefix("farm/")
        for top in ("farm", "reports", "infra")
        for path in (ROOT / top).glob("*/__init__.py")
    }
    loose = {path.name for path in (ROOT / "farm").glob("*.py")} - {"__init__.py"}
    assert packages | loose <= set(rows)
    for row in rows:
        assert (ROOT / "farm" / row).exists() or (ROOT / row).exists(), row


def test_the_architecture_draws_the_layers_that_import_linter_holds() -> None:
    settings = tomllib.loads((ROOT / "pyproject.toml").read_text())
    contracts = settings["tool"]["importlinter"]["contracts"]
    (layers,) = (each["layers"] for each in contracts if each.get("containers") == ["farm"])
    (drawing, *_) = fenced(ROOT / "docs/architecture.md", "")
    drawn = [set(line.split()) for line in drawing.splitlines() if line.strip(" |")]
    assert drawn == [set(re.findall(r"\w+", layer)) for layer in layers]


def test_the_answer_in_the_documents_is_as_it_is_printed() -> None:
    quoted = re.findall(r"^((?: {4}\S.*\n)+)", (ROOT / "docs/sizing.md").read_text(), re.MULTILINE)
    (documented,) = (block for block in quoted if "The server holds" in block)
    estimate = CapacityEstimate(18, (16, 20), 16, 20, 12, "converged", 0.9, 0.9)
    results = [judged_trial(index, 18, Outcome.PASS) for index in range(12)]
    summary = size_summary(Experiment(), results, estimate)
    evidence = "at 20 probes thread … of the media server used 97 % of a core"
    summary["limited_by"] = {"resource": "cpu_thread", "evidence": evidence}
    assert " ".join(documented.split()) == " ".join(two_lines(summary))


def test_every_key_of_the_glossary_is_in_the_schema_or_the_summary() -> None:
    section = (ROOT / "docs/method.md").read_text().split("\n## Glossary\n")[1].split("\n## ")[0]
    terms = [line.split("|")[1] for line in section.splitlines() if line.startswith("| ")]
    keys = {key for term in terms for key in re.findall(r"`([a-z][\w.]*)`", term)}
    schema = json.loads((ROOT / "farm/experiment.schema.json").read_text())
    estimate = CapacityEstimate(18, (16, 20), 16, 20, 12, "converged", 0.9, 0.9)
    summary = size_summary(Experiment(), [judged_trial(0, 18, Outcome.PASS)], estimate)
    fields = {f"capacity.{name}" for name in summary["capacity"]}
    assert "criteria.residual_loss" in keys
    assert keys <= {*setting_paths(schema), *fields, *get_args(State)}


def setting_paths(schema: dict[str, Any], prefix: str = "") -> Iterator[str]:
    """The dotted paths of all settings in a JSON schema."""
    for part in (*schema.get("anyOf", ()), *schema.get("oneOf", ())):
        yield from setting_paths(part, prefix)
    for name, setting in schema.get("properties", {}).items():
        yield f"{prefix}{name}"
        yield from setting_paths(setting, f"{prefix}{name}.")


def test_a_failed_step_in_the_documents_is_one_of_the_driver_above_it() -> None:
    text = (ROOT / "docs/drivers.md").read_text()
    (block,) = (each for each in fenced(ROOT / "docs/drivers.md", "yaml") if "#hang-up" in each)
    caller = parse_driver(block, "an example", ROOT).roles["caller"]
    pattern = r"\(caller of s001\): my_app\.yaml:(\d+): join step (\d+), (.+?): not within"
    line, number, name = re.findall(pattern, text)[0]
    step = caller.join[int(number) - 1]
    assert (step_name(step), step.place) == (name, f"an example:{line}")


def test_the_drivers_and_steps_in_the_documents_can_be_read() -> None:
    blocks = [textwrap.dedent(text) for text in fenced(ROOT / "docs/drivers.md", "yaml")]
    head = 'format: 1\nroles:\n  member:\n    join:\n      - goto: "{app_url}"\n'
    whole = [text for text in blocks if "format: 1" in text and "roles: ..." not in text]
    steps = [head + textwrap.indent(text, "      ") for text in blocks if text.startswith("- ")]
    hold = [head + textwrap.indent(text, "    ") for text in blocks if text.startswith("after_")]
    assert whole
    assert steps
    assert hold
    for text in (*whole, *steps, *hold):
        assert parse_driver(text, "an example", ROOT, ("user", "password", "room_name")).roles


def test_every_kind_of_step_is_documented_and_no_other() -> None:
    section = (ROOT / "docs/drivers.md").read_text().split("\n## Steps\n")[1].split("\n### ")[0]
    table = [line.split("|")[1] for line in section.splitlines() if line.startswith("| `")]
    assert sorted(set(re.findall(r"`(\w+):", "".join(table))) - {"steps"}) == sorted(STEP_KEYS)


def test_the_journal_is_said_to_have_the_kinds_that_it_has() -> None:
    documented = set(re.findall(r"`(\w+)`", (JournalEntry.__doc__ or "").split("| --- |")[1]))
    assert documented == set(journalled())


def journalled() -> Iterator[str]:
    """The kinds with which the farm's code calls `journal` and `decided`."""
    for path in sorted((ROOT / "farm").rglob("*.py")):
        text = path.read_text()
        for word in re.findall(r"\.(?:journal|decided)\(\s*([A-Z_]+|\"\w+\")[,)]", text):
            if word.startswith('"'):
                yield word.strip('"')
            else:
                module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                yield str(getattr(import_module(module), word))
