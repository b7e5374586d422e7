"""The options that say what image is wanted: the same for `plan`, `render` and `image`."""

from collections.abc import Callable, Mapping
from functools import wraps
from pathlib import Path
from typing import TypeVar

import click
from click.core import ParameterSource

from deploykit import catalog
from deploykit.image.platform import host_platform
from deploykit.request import Profile, Request

_Command = TypeVar("_Command", bound=Callable[..., object])


def request_options(function: _Command) -> Callable[..., object]:
    """Add the options and pass them on as one `request`."""

    @wraps(function)
    def with_request(**options: object) -> object:
        own = {name: options.pop(name) for name in _NAMES}
        return function(request=_request(own), **options)

    for option in reversed(_options()):
        with_request = option(with_request)
    return with_request


def _request(options: dict[str, object]) -> Request:
    """What is empty, such as the value of an unset variable of a script, counts as not given."""
    given = {name: value for name, value in options.items() if value not in (None, "")}
    for name in _overruled(given):
        del given[name]
    values = {"repository": catalog.load().defaults.repository, **given}
    return Request(**{**values, "profile": Profile(str(values["profile"]))})  # type: ignore[arg-type] # click checked them


def _overruled(given: Mapping[str, object]) -> list[str]:
    """What names the Spark in a weaker place: a flag takes the place of a variable, that of `deploykit.toml`."""
    source = click.get_current_context().get_parameter_source
    places = {name: _PLACES[found] for name in _WHICH_SPARK if name in given and (found := source(name)) in _PLACES}
    return [name for name, place in places.items() if place > min(places.values())]


def _options() -> list[Callable[[Callable[..., object]], Callable[..., object]]]:
    defaults = catalog.load().defaults
    profiles = click.Choice([str(profile) for profile in Profile])
    path = click.Path(dir_okay=False, path_type=Path)
    return [
        _option("--spark", metavar="X.Y.Z", help="The Spark version that the server runs."),
        _option("--server", metavar="sc://HOST:PORT", help="Ask this Spark Connect server which Spark it runs."),
        _option("--namespace", help="Ask the Spark pods of this Kubernetes namespace."),
        _option("--context", help="The kubeconfig's context; the current one unless given."),
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
        _option("--platform", type=click.Choice(["linux/amd64", "linux/arm64"]), default=host_platform()),
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
        _option("--network", help="The network of the build, such as host."),
        _option("--timeout", type=_SECONDS, default=3.0, help="Seconds for each question to a server or registry."),
    ]


_SECONDS = click.FloatRange(min=0, min_open=True)
_WHICH_SPARK = ("spark", "server", "namespace")
_PLACES = {ParameterSource.COMMANDLINE: 0, ParameterSource.ENVIRONMENT: 1, ParameterSource.DEFAULT_MAP: 2}

_NAMES = (
    "spark", "server", "namespace", "context", "client", "executor_python", "mage", "base", "profile", "extras",
    "repository", "platform", "warm", "ca_file", "apt_mirror", "apt_sources", "maven_mirror", "network", "timeout",
)  # fmt: skip


def _option(name: str, **settings: object) -> Callable[[Callable[..., object]], Callable[..., object]]:
    variable = f"DEPLOYKIT_{name.removeprefix('--').replace('-', '_').upper()}"
    return click.option(name, envvar=variable, show_default="default" in settings, **settings)  # type: ignore[arg-type] # passed through
