"""`mageai.image` of a values file: read, and written in place with every other byte kept."""

import re
from pathlib import Path

import yaml

from deploykit.deploy import in_place, values_file
from deploykit.deploy.in_place import New, NotInPlaceError
from deploykit.errors import UsageError
from deploykit.image_reference import ImageReference

PATH = ("mageai", "image")
_DIGEST = re.compile("sha256:[0-9a-f]{64}")

_OVERLAY = """\
# The Mage image, written by `deploykit sync` in step with Spark. Everything else belongs into another values file:
# helm upgrade --install mage charts/mage-ilum --namespace mage --values YOUR_FILE --values THIS_FILE
"""


def read(path: Path) -> str | None:
    """The file's text, line ends and all; None where there is no file. Raises `UsageError`."""
    try:
        return path.read_bytes().decode("utf-8")
    except FileNotFoundError:
        return None
    except UnicodeDecodeError:
        raise UsageError(f"{path} is not a text file in UTF-8.", fix="another --values") from None


def image(text: str | None, *, where: Path) -> ImageReference | None:
    """What the file names; None where it names no repository, tag or digest. Raises `UsageError`.

    What is written as a digest and is none, is left out: no image has it.
    """
    try:
        root = None if text is None else in_place.compose(text)
        said = [in_place.at(root, (*PATH, key)) for key in ("repository", "tag", "digest")]
    except yaml.YAMLError as error:
        raise UsageError(f"{where} is not a YAML file.", why=" ".join(str(error).split())) from None
    except NotInPlaceError as error:
        raise _refused(where, error) from None
    repository, tag, digest = map(_text, said)
    found = ImageReference(repository, tag, digest if _DIGEST.fullmatch(digest) else "")
    return found if str(found) else None


def with_image(text: str | None, new: ImageReference, *, where: Path) -> str:
    """The text with the image in it, which has repository, tag and digest; the same image gives the same text.

    A file that deploykit sealed is sealed again. Raises `UsageError` where the image cannot be put in place without
    touching anything else.
    """
    named = {"repository": new.repository, "tag": new.tag, "digest": new.digest}
    if text is None:
        return _OVERLAY + yaml.safe_dump({PATH[0]: {PATH[1]: named}}, sort_keys=False, width=1000)
    if image(text, where=where) == new:
        return text
    try:
        changed = in_place.edited(text, New(path=PATH, values=named))
    except (NotInPlaceError, yaml.YAMLError) as error:
        raise _refused(where, error) from None
    return values_file.sealed(changed) if values_file.is_sealed(text) else changed


def _text(node: yaml.Node | None) -> str:
    return str(node.value) if isinstance(node, yaml.ScalarNode) and node.tag != in_place.NULL else ""


def _refused(where: Path, error: Exception) -> UsageError:
    return UsageError(
        f"mageai.image of {where} cannot be changed without touching anything else.",
        why=str(error).splitlines()[0],
        fix="write it as a plain mapping of repository, tag and digest, or name a file of its own with --values",
    )
