"""Tries the tests that flaky.toml lists, each with its reason, once more when they fail."""

from __future__ import annotations

import ast
import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from _pytest.runner import runtestprotocol


def read_flaky(file: Path, root: Path) -> dict[str, str]:
    """The reason of each test that is listed: `"tests/test_wire.py::test_name" = "reason"`.

    A listed test stands for all its parameters. One that is not there is an error.
    """
    reasons: dict[str, str] = tomllib.loads(file.read_text())
    for test, reason in reasons.items():
        path, _, name = test.partition("::")
        if not (root / path).is_file() or name not in _functions(root / path):
            raise pytest.UsageError(f"{file}: there is no test {test}")
        if not reason.strip():
            raise pytest.UsageError(f"{file}: {test} has no reason")
    return reasons


def _functions(path: Path) -> set[str]:
    nodes = ast.walk(ast.parse(path.read_text()))
    return {each.name for each in nodes if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)}


@dataclass(frozen=True)
class SecondTry:
    """The plugin: what failed at the first try is reported as `flaky` and tried once more."""

    reasons: Mapping[str, str]

    def reason(self, nodeid: str) -> str | None:
        test = re.split(r"[\[@]", nodeid)[0]  # without its parameters and its group of xdist
        return self.reasons.get(test)

    def pytest_runtest_protocol(
        self, item: pytest.Item, nextitem: pytest.Item | None
    ) -> bool | None:
        if self.reason(item.nodeid) is None:
            return None
        item.ihook.pytest_runtest_logstart(nodeid=item.nodeid, location=item.location)
        reports = runtestprotocol(item, log=False, nextitem=nextitem)
        failures = [report for report in reports if report.failed]
        if failures:
            for report in failures:
                report.outcome = "flaky"  # type: ignore[assignment]
                item.ihook.pytest_runtest_logreport(report=report)
            reports = runtestprotocol(item, log=False, nextitem=nextitem)
        for report in reports:
            item.ihook.pytest_runtest_logreport(report=report)
        item.ihook.pytest_runtest_logfinish(nodeid=item.nodeid, location=item.location)
        return True

    def pytest_report_teststatus(self, report: pytest.TestReport) -> tuple[str, str, str] | None:
        return ("flaky", "f", "FLAKY") if report.outcome == "flaky" else None

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        reports = terminalreporter.getreports("flaky")
        if not reports:
            return
        terminalreporter.section(f"flaky: {len(reports)}")
        for report in reports:
            terminalreporter.write_line(f"{report.nodeid}: {self.reason(report.nodeid)}")
            terminalreporter.write_line(report.longreprtext)
