"""What a base reports about itself, and which bases are refused."""

import json
import os
import subprocess
import sys
from typing import Any

import pytest

from deploykit.errors import IncompatibleError
from deploykit.image import inventory
from deploykit.image.inventory import Inventory

REPORT = {
    "python": "3.10.13",
    "implementation": "CPython",
    "machine": "x86_64",
    "glibc": "2.36",
    "site_packages": "/usr/local/lib/python3.10/site-packages",
    "platform_packages": "/usr/local/lib/python3.10/site-packages",
    "run_app": True,
    "distributions": {"mage-ai": "0.9.80", "numpy": "1.26.4"},
    "requires": {"mage-ai": ["numpy>=1.22"]},
}


def read(**changes: object) -> Inventory:
    return Inventory.from_report({**REPORT, **changes}, reference="base:1")


def test_a_report_is_read_and_survives_the_cache():
    found = read()
    assert (found.mage, found.python_minor, found.platform, found.assumed) == ("0.9.80", "3.10", "linux/amd64", False)
    assert Inventory.from_json(json.loads(json.dumps(found.to_json()))) == found


@pytest.mark.parametrize(
    ("changes", "why"),
    [
        ({"implementation": "PyPy"}, "CPython"),
        ({"machine": "riscv64"}, "riscv64"),
        ({"glibc": ""}, "Alpine"),
        ({"platform_packages": "/elsewhere"}, "/elsewhere"),
        ({"distributions": {"numpy": "1"}}, "no Mage"),
    ],
)
def test_a_base_that_cannot_be_built_on_is_refused_with_the_reason(changes, why):
    with pytest.raises(IncompatibleError, match="base:1 is not a base") as caught:
        read(**changes)
    assert why in caught.value.why


def reported(**environment: str) -> dict[str, Any]:
    """What the program that runs inside says of this Python."""
    command = [sys.executable, "-c", inventory.script()]
    finished = subprocess.run(command, capture_output=True, text=True, check=True, env={**os.environ, **environment})
    return json.loads(finished.stdout)


def test_distributions_are_called_as_packaging_calls_them(tmp_path):
    (tmp_path / "Odd._Name-1.dist-info").mkdir()
    (tmp_path / "Odd._Name-1.dist-info" / "METADATA").write_text("Name: Odd._Name\nVersion: 1\n", encoding="utf-8")
    assert reported(PYTHONPATH=str(tmp_path))["distributions"]["odd-name"] == "1"


def test_the_program_that_runs_inside_reports_this_python_truly():
    report = reported()
    assert report["python"] == sys.version.split()[0]
    assert set(report) == set(REPORT)
    assert report["distributions"]["pytest"] == pytest.__version__
    assert not [text for texts in report["requires"].values() for text in texts if "extra ==" in text]
