"""Every example renders to what was reviewed, byte for byte.

`DEPLOYKIT_UPDATE_GOLDEN=1 pytest tests/chart` writes the golden files again; read the difference before you commit it.
"""

import os
import re

import pytest
from tests.chart.rendering import NAMES, example, namespace_of
from tests.needs import REPOSITORY

from deploykit.deploy import chart

pytestmark = pytest.mark.usefixtures("needs_helm")

GOLDEN = REPOSITORY / "tests" / "golden" / "chart"
MASKED = re.compile(r"^( +(?:JWT_SECRET|DEFAULT_OWNER_PASSWORD|checksum/executor): )\S{32,}$", re.MULTILINE)
"""What is made up anew each time, and the checksum of what stands elsewhere in the file."""


@pytest.mark.parametrize("name", NAMES)
def test_an_example_renders_to_what_was_reviewed(name):
    text = MASKED.sub(r"\1MASKED", "---\n".join(sorted(chart.render(example(name), namespace=namespace_of(name)))))
    path = GOLDEN / f"{name}.yaml"
    if os.environ.get("DEPLOYKIT_UPDATE_GOLDEN") == "1":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
