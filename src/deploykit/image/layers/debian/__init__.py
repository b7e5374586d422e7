"""Packages of Debian without apt: from a mirror over HTTP, checked against a signed list, unpacked without root.

found = newest({"openjdk-17-jdk-headless": None}, suites(base.text), "amd64", …)
"""

from deploykit.image.layers.debian.packages import Package, newest
from deploykit.image.layers.debian.sources import Suite, suites

__all__ = ["Package", "Suite", "newest", "suites"]
