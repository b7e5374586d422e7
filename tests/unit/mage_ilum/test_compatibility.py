"""Client against server."""

import pytest

from mage_ilum.connect.compatibility import check_client, installed_version, verdict
from mage_ilum.errors import IncompatibleClientError


@pytest.mark.parametrize(
    ("client", "server", "expected"),
    [
        ("4.1.1", "4.1.1", "same"),
        ("4.1.1+nojars", "4.1.1", "same"),
        ("4.1.0", "4.1.4", "patch"),
        ("4.1.4", "4.1.0-preview1", "patch"),
        ("3.5.7", "4.0.0", "older-client"),
        ("4.1.1", "4.10.0", "older-client"),
        ("4.2.0", "4.1.4", "newer-client"),
        ("4.0.0", "3.5.9", "newer-client"),
        ("4.1.1", "banana", "unknown"),
    ],
)
def test_verdict(client, server, expected):
    assert verdict(client, server) == expected


def test_a_newer_client_is_refused_with_the_way_out():
    with pytest.raises(IncompatibleClientError, match=r"make image SPARK=3\.5\.7 or deploykit image --spark 3\.5\.7\."):
        check_client("4.0.1", "3.5.7-ilum")


def test_an_older_client_is_warned_of_once():
    with pytest.warns(UserWarning, match="PySpark 3.5.1 talks to the newer Spark 4.0.2"):
        check_client("3.5.1", "4.0.2")
    check_client("3.5.1", "4.0.2")  # warnings are errors in these tests


@pytest.mark.parametrize("server", ["4.1.1", "4.1.4", "banana"])
def test_all_else_passes_without_a_word(server):
    check_client("4.1.1", server)


def test_a_newer_client_that_is_allowed_is_warned_of_once():
    with pytest.warns(UserWarning, match=r"PySpark 4.1.2 talks to the older Spark 4.0.2"):
        assert check_client("4.1.2", "4.0.2", allow_newer=True) == "newer-client"
    check_client("4.1.2", "4.0.2", allow_newer=True)


@pytest.fixture
def pyspark(tmp_path, monkeypatch):
    """What is left of a PySpark: these files."""
    monkeypatch.syspath_prepend(tmp_path)

    def left(**files):
        (tmp_path / "pyspark").mkdir()
        for name, text in files.items():
            (tmp_path / "pyspark" / f"{name}.py").write_text(text)

    return left


def test_the_version_is_read_and_nothing_is_imported(pyspark):
    pyspark(__init__="raise RuntimeError", version='__version__: str = "4.1.1"')
    assert installed_version() == "4.1.1"


@pytest.mark.parametrize("files", [{}, {"__init__": ""}])
def test_what_uninstalling_leaves_behind_is_no_pyspark(pyspark, files):
    pyspark(**files)
    with pytest.raises(IncompatibleClientError, match="No module named 'pyspark"):
        installed_version()
