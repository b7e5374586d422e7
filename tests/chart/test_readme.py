"""What the chart's own page shows is what an install takes."""

import re

import pytest
import yaml
from tests.chart.rendering import example, of_kind, parsed
from tests.needs import REPOSITORY

from deploykit import assets
from deploykit.deploy import chart

pytestmark = pytest.mark.usefixtures("needs_helm")

README = assets.chart() / "README.md"


def test_the_values_that_it_shows_are_enough():
    [shown] = re.findall(r"^```yaml\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(of_kind(parsed(chart.render(shown)), "Deployment")) == 1
    assert yaml.safe_load(shown).keys() == yaml.safe_load(example("minimal")).keys()


def test_the_pages_that_it_names_are_there():
    """By their place in the repository: a chart is packed without them, and a registry would show dead links."""
    text = README.read_text(encoding="utf-8")
    assert "](" not in text
    pages = re.findall(r"^\| `(.+?)` \|", text, re.MULTILINE)
    assert pages
    for page in pages:
        assert (REPOSITORY / page).exists(), page
