"""The chart's own values, where they are the one place that says something."""

from functools import cache

import yaml

from deploykit import assets
from deploykit.kubernetes_api import Item


@cache
def default_values() -> Item:
    """The chart's `values.yaml`."""
    values: Item = yaml.safe_load((assets.chart() / "values.yaml").read_text(encoding="utf-8"))
    return values
