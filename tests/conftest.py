"""Shared by all tests: their needs, and a closing word on what was left out."""

import os
from collections import Counter
from pathlib import Path

import pytest

pytest_plugins = ["tests.needs"]

QUICK_FIRST = ("unit", "golden", "chart", "spark", "image", "cluster")

FOR_TESTS = ("DEPLOYKIT_TEST_", "DEPLOYKIT_SHARED", "DEPLOYKIT_CACHE", "DEPLOYKIT_UPDATE_GOLDEN")


def pytest_configure() -> None:
    """No request of the person's own, such as `DEPLOYKIT_SPARK` from `make test SPARK=…`, reaches a test."""
    for name in list(os.environ):
        if name.startswith("DEPLOYKIT_") and not name.startswith(FOR_TESTS):
            del os.environ[name]


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run what needs least first, so that a mistake shows early."""
    here = Path(__file__).parent
    items.sort(key=lambda item: QUICK_FIRST.index(item.path.relative_to(here).parts[0]))


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say plainly how many tests were left out, and what each group of them needs."""
    reasons: Counter[str] = Counter()
    for report in terminalreporter.getreports("skipped"):
        if isinstance(report.longrepr, tuple):
            reasons[report.longrepr[2].removeprefix("Skipped: ")] += 1
    if not reasons:
        return
    terminalreporter.section(f"left out: {reasons.total()} tests")
    for reason, count in reasons.most_common():
        terminalreporter.write_line(f"{count:4} {reason}")
    terminalreporter.write_line("     DEPLOYKIT_TEST_ALL=1 makes each of these a failure.")
