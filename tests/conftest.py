"""Shared by all tests: their needs, how processes share the work, and a closing word on what was left out."""

import os
import shutil
import signal
import tempfile
from collections import Counter

import pytest

pytest_plugins = ["tests.needs", "tests.spark_servers", "tests.kinds.compiler"]

TOGETHER = {"spark", "image", "sync", "cluster"}
"""Folders whose files share what is slow to make, or disturb each other: a process for each. Others go anywhere."""
BLOCKS = "tests/image/test_blocks.py"
"""It shares the servers of tests/spark."""
ALONE = {f"tests/image/test_{name}.py" for name in ("pyspark_wheel", "sync", "templates", "variants")}
"""Files of those folders that share little with the others."""
ORDER = ("unit", "golden", "chart", "image", "cluster", "spark", "sync")
"""Folders: first what needs no parts, so that a mistake shows early; then what takes longest."""

OF_A_PIPELINE = ("GITHUB_OUTPUT", "GITHUB_STEP_SUMMARY")
FOR_TESTS = ("DEPLOYKIT_TEST_", "DEPLOYKIT_SHARED", "DEPLOYKIT_CACHE", "DEPLOYKIT_UPDATE_GOLDEN")


def pytest_configure(config: pytest.Config) -> None:
    """No request of the person's own, such as `DEPLOYKIT_SPARK` from `make test SPARK=…`, reaches a test; nor does
    a test write into the files of the pipeline that runs it."""
    for name in list(os.environ):
        if (name.startswith("DEPLOYKIT_") and not name.startswith(FOR_TESTS)) or name in OF_A_PIPELINE:
            del os.environ[name]
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:  # as in a background job; what tests start would inherit it
        signal.signal(signal.SIGINT, signal.default_int_handler)
    if not _is_worker(config):
        from tests import needs

        os.environ[needs.RUN_FOLDER] = tempfile.mkdtemp(prefix="deploykit-test-")


def pytest_unconfigure(config: pytest.Config) -> None:
    """End what the processes of the run have shared."""
    if not _is_worker(config):
        from tests import needs, spark_servers

        spark_servers.stop_spark_servers()
        shutil.rmtree(needs.run_folder())


def _is_worker(config: pytest.Config) -> bool:
    """Whether this is one of pytest-xdist's processes."""
    return hasattr(config, "workerinput")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run them in order; files that are alone come last, and what has no place."""

    def place(item: pytest.Item) -> int:
        path = item.nodeid.partition("::")[0]
        folder = _folder(path)
        return ORDER.index(folder) if folder in ORDER and path not in ALONE else len(ORDER)

    items.sort(key=place)


def _scope(path: str) -> str:
    """What one process runs of the tests, for a file of them."""
    folder = _folder(path)
    return folder if folder in TOGETHER and path not in ALONE else path


def _folder(path: str) -> str:
    return "spark" if path == BLOCKS else path.split("/")[1]


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Keep together the tests that share what is slow to make."""
    from xdist.scheduler import LoadScopeScheduling

    class Scheduling(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return _scope(nodeid.partition("::")[0])

    return Scheduling(config, log)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which so many tests were left out that it says nothing."""
    wanted = int(os.environ.get("DEPLOYKIT_TEST_AT_LEAST") or 0)
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if wanted and reporter is not None and len(reporter.getreports("passed")) < wanted:
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.hookimpl(trylast=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say plainly how many tests were left out, and what each group of them needs."""
    passed, wanted = len(terminalreporter.getreports("passed")), int(os.environ.get("DEPLOYKIT_TEST_AT_LEAST") or 0)
    if passed < wanted:
        terminalreporter.section(f"{passed} tests passed, and DEPLOYKIT_TEST_AT_LEAST wants {wanted}")
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
