"""Runs inside a base image, without network: what is in it, as JSON on stdout."""

import importlib.metadata
import json
import os
import platform
import re
import sysconfig

distributions = {}
requires = {}
for distribution in importlib.metadata.distributions():
    name = re.sub("[-_.]+", "-", distribution.metadata["Name"] or "").lower()
    if name and name not in distributions:  # the first one on the path is the one that is imported
        distributions[name] = distribution.version
        requires[name] = [text for text in distribution.requires or () if "extra ==" not in text]

print(
    json.dumps(
        {
            "python": platform.python_version(),
            "implementation": platform.python_implementation(),
            "machine": platform.machine(),
            "glibc": platform.libc_ver()[1],
            "site_packages": sysconfig.get_path("purelib"),
            "platform_packages": sysconfig.get_path("platlib"),
            "run_app": os.access("/app/run_app.sh", os.X_OK),
            "distributions": distributions,
            "requires": requires,
        }
    )
)
