"""What a deployment is, as values of Ilum's umbrella chart, whose `mageai` module wraps Mage's own chart. Pure.

Written for version 0.2.15 of that chart. `mageai.image` and `mageai.resources` are the same keys as in ours.
"""

import hashlib
import json

from deploykit.deploy import values_file
from deploykit.deploy.chart_defaults import default_values
from deploykit.deploy.values import Deployment
from deploykit.deploy.values_file import Values
from deploykit.errors import UsageError
from deploykit.image_reference import ImageReference

SIGNATURE = values_file.signature("Ilum's umbrella chart")

_HINT = """\
# helm upgrade ilum ilum/ilum --namespace ilum --reuse-values --values THIS_FILE
# The NetworkPolicies come from our chart beside it: `deploykit values --module` for that one.
"""


def to_values(deployment: Deployment) -> dict[str, Values]:
    """The umbrella's values that run Mage with our image; raises `UsageError` for an image that they cannot name."""
    config = _config(deployment)
    return {
        "mageai": {
            "enabled": True,
            "image": {**_image(deployment.image), "pullPolicy": "IfNotPresent"},
            "resources": default_values()["mageai"]["resources"],
            # Our image is not root: its group, 0, must be able to write to the volume.
            "podSecurityContext": {"fsGroup": 0, "fsGroupChangePolicy": "OnRootMismatch"},
            # Not `extraEnvs`: Helm replaces lists, and so whatever Ilum has in that one, such as the page's base path.
            "config": config,
            # That chart's pods do not start anew by themselves when `config` changes.
            "podAnnotations": {"deploykit/config": hashlib.sha256(json.dumps(config).encode()).hexdigest()[:16]},
        }
    }


def to_yaml(deployment: Deployment) -> str:
    """The values file, with the line that lets `deploykit values` write it again."""
    return values_file.to_text(to_values(deployment), signed=SIGNATURE, hint=_HINT)


def _image(image: ImageReference) -> dict[str, Values]:
    """Mage's chart reads the digest for its one pod only, and nowhere says so: split pods go by the tag."""
    if not image.tag:
        raise UsageError(
            "Ilum's chart needs the image's tag, and there is only a digest",
            why="where scheduler and web server are two pods, Mage's chart reads no digest, and without a tag it would "
            "run the published image, which has no Spark client",
            fix=f"--image {image.repository}:TAG@{image.digest}, with the tag that was pushed",
        )
    return {"repository": image.repository, "tag": image.tag, **({"digest": image.digest} if image.digest else {})}


def _config(deployment: Deployment) -> dict[str, str]:
    host = deployment.host or f"{deployment.service_name}.{deployment.namespace}.svc"
    place = f"[{host}]" if ":" in host else host
    return {
        "ILUM_SPARK_CONNECT_URL": f"sc://{place}:{deployment.port}",
        **{service.kind.variable: service.url for service in deployment.services},
    }
