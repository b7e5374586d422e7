"""The HTTP client of one image repository: what is there, with which labels, and how to put a small artifact beside it.

    registry = Registry("registry.example.com/team/mage-ilum", timeout=3.0)
    registry.digest("0.9.80-spark4.1.1-connect-0a1b2c3d")   # None: the registry says that there is no such tag

"Absent" is an answer. What keeps the registry from answering is an `UnreachableError`: a `LoginRefusedError` where it
wants another login, a `ThrottledError` where it wants to be left alone. What it will not take is a `RefusedError`, a
`BuildError`.
"""

from deploykit.registry.client import Registry
from deploykit.registry.errors import LoginRefusedError, RefusedError, ThrottledError
from deploykit.registry.manifest import Manifest

__all__ = ["LoginRefusedError", "Manifest", "RefusedError", "Registry", "ThrottledError"]
