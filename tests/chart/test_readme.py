"""What the chart's own page shows is what an install takes."""

import re

import pytest
import yaml
from tests.chart.rendering import example, of_kind, parsed

from deploykit import assets
from deploykit.deploy import chart

pytestmark = pytest.mark.usefixtures("needs_helm")

README = assets.chart() / "README.md"


def test_the_values_that_it_shows_are_enough():
    [shown] = re.findall(r"^```yaml\n(.*?)^```$", README.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    assert len(of_kind(parsed(chart.render(shown)), "Deployment")) == 1
    assert yaml.safe_load(shown).keys() == yaml.safe_load(example("minimal")).keys()


def test_the_pages_that_it_names_are_there():
    links = re.findall(r"\]\(([^)]+)\)", README.read_text(encoding="utf-8"))
    assert links
    for link in links:
        assert (README.parent / link).exists(), link
