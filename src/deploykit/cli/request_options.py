"""The options that say what image is wanted: the same for `plan`, `render`, `image`, `sync` and `status`."""

from collections.abc import Callable, Mapping
from enum import IntEnum
from functools import wraps
from pathlib import Path
from typing import TypeVar

import click
from click.core import ParameterSource

from deploykit import catalog
from deploykit.cli.registry_options import insecure_registry
from deploykit.cli.seconds import Seconds
from deploykit.cli.where_options import option as _option
from deploykit.cli.where_options import where_options
from deploykit.image.platform import host_platform
from deploykit.request import Profile, Request

_Command = TypeVar("_Command", bound=Callable[..., object])


class Place(IntEnum):
    """Where an option was set, the nearest to the person first: what is nearer wins."""

    COMMAND_LINE = 0
    VARIABLE = 1
    ENVIRONMENT = 2
    """`[environments.NAME]` of `deploykit.toml`."""
    FILE = 3
    """The top level of `deploykit.toml`."""
    DEFAULT = 4


_PLACES = {
    ParameterSource.COMMANDLINE: Place.COMMAND_LINE,
    ParameterSource.ENVIRONMENT: Place.VARIABLE,
    ParameterSource.DEFAULT_MAP: Place.FILE,
}


def request_options(function: _Command) -> Callable[..., object]:
    """Add the options and pass them on as one `request`."""

    @wraps(function)
    def with_request(**options: object) -> object:
        own = {name: options.pop(name) for name in NAMES}
        return function(request=to_request(own, place), **options)

    return add_options(with_request)


def add_options(function: Callable[..., object]) -> Callable[..., object]:
    """Add the options, which come as they are: for a command that makes several requests of them."""
    for option in reversed(_options()):
        function = option(function)
    return function


def to_request(options: Mapping[str, object], place: Callable[[str], Place]) -> Request:
    """The request of the options. What is empty, such as the value of an unset variable, counts as not given.

    `place` says where an option was set: a flag that names the Spark takes the place of a variable that does, and that
    of `deploykit.toml`.
    """
    given = {name: value for name, value in options.items() if value not in (None, "")}
    places = {name: place(name) for name in WHICH_SPARK if name in given}
    nearest = min(places.values(), default=Place.COMMAND_LINE)
    for name in (*places, "helm_values"):  # a release is one of the place that names its namespace
        if name in given and place(name) > nearest:
            del given[name]
    if "server" not in given:
        given.pop("sharing", None)
    values = {"repository": catalog.load().defaults.repository, **given}
    values["any_platform"] = place("platform") is Place.DEFAULT
    return Request(**{**values, "profile": Profile(str(values["profile"]))})  # type: ignore[arg-type] # click checked them


def place(name: str) -> Place:
    """Where an option of the running command was set, as far as click knows: it reads no environments."""
    source = click.get_current_context().get_parameter_source(name)
    return Place.DEFAULT if source is None else _PLACES.get(source, Place.DEFAULT)


def _options() -> list[Callable[[Callable[..., object]], Callable[..., object]]]:
    defaults = catalog.load().defaults
    profiles = click.Choice([str(profile) for profile in Profile])
    path = click.Path(dir_okay=False, path_type=Path)
    return [
        _option("--spark", metavar="X.Y.Z", help="The Spark version that the server runs."),
        *where_options(server="Ask this Spark Connect server which Spark it runs; of several the oldest decides."),
        _option(
            "--client", metavar="X.Y.Z", help="Another client than the server's version; it may be of an older line."
        ),
        _option("--executor-python", metavar="X.Y", help="The executors' Python, for the verdict on Python UDFs."),
        _option("--mage", metavar="X.Y.Z", help=f"The Mage release.  [default: {defaults.mage}]"),
        _option("--base", metavar="IMAGE", help="The Mage image to start from; the published one unless given."),
        _option("--profile", type=profiles, default=defaults.profile, help="What it carries."),
        click.option(
            "--with",
            "extras",
            type=click.Choice(list(catalog.load().extras)),
            multiple=True,
            envvar="DEPLOYKIT_WITH",
            help="What it carries besides: jdbc adds Kyuubi's JDBC driver and the bridge to it.",
        ),
        _option("--repository", default=defaults.repository, help="Where the image belongs, without a tag."),
        _option(
            "--platform",
            type=click.Choice(["linux/amd64", "linux/arm64"]),
            default=host_platform(),
            help="What it is for. Unless given: the cluster's nodes with --namespace; for sync the deployed image's.",
        ),
        click.option(
            "--warm/--no-warm",
            default=True,
            envvar="DEPLOYKIT_WARM",
            help="Add the bytecode of what a worker pod imports.",
        ),
        _option("--ca-file", type=path, help="Certificates to trust too, for fetching and building."),
        _option("--apt-mirror", metavar="URL", help="A mirror of Debian, with debian-security beside it; for Java."),
        _option("--apt-sources", type=path, help="A sources file of apt, where the mirror is laid out otherwise."),
        _option(
            "--maven-mirror", metavar="URL", help="A Maven repository to fetch jars from; Maven's own unless given."
        ),
        _option(
            "--engine",
            type=click.Choice(["docker", "registry"]),
            help="What makes the image: Docker, or nobody but deploykit, in the registry; Docker where one answers.",
        ),
        _option(
            "--verify-in",
            metavar="[CONTEXT/]NAMESPACE",
            help="Try an image that no engine made in a pod of this namespace too, before it gets its tag.",
        ),
        _option("--network", help="The network of the build, such as host."),
        insecure_registry,
        _option("--timeout", type=Seconds(), default=3.0, help="Seconds for each question to a server or registry."),
    ]


WHICH_SPARK = ("spark", "server", "namespace", "ilum_core")
NAMES = (
    "spark", "server", "sharing", "namespace", "context", "ilum_core", "helm_values", "client", "executor_python",
    "mage", "base", "profile", "extras", "repository", "platform", "warm", "ca_file", "apt_mirror", "apt_sources",
    "maven_mirror", "network", "engine", "verify_in", "insecure_registry", "timeout",
)  # fmt: skip
