"""From flags, variables and `deploykit.toml` to environments: which setting wins, and what is refused."""

from pathlib import Path

import pytest

from deploykit.cli import settings
from deploykit.cli.environment_options import environments
from deploykit.cli.main import run
from deploykit.cli.sync import command
from deploykit.detect.evidence import Confidence
from deploykit.errors import UsageError
from deploykit.request import Profile
from deploykit.sync.drift import DEFAULTS, Kind, Policy
from deploykit.sync.environment import Environment

pytestmark = pytest.mark.usefixtures("isolated")

TOML = """
repository = "registry.example/team/mage-ilum"
profile = "slim"
server = "sc://top:15002"

[drift]
base = "ignore"
java = "report"

[environments.dev]
values = "dev/values.yaml"
servers = ["sc://one:15002", "sc://two:15002"]

[environments.prod]
values = "prod/values.yaml"
namespace = "ilum"
context = "prod"
client = "4.0.1"
profile = "connect"
with = ["jdbc"]
warm = false
confidence = "high"
[environments.prod.drift]
java = "rebuild"
"""


def made(*arguments: str, toml: str = TOML) -> list[Environment]:
    """The environments of a command line."""
    Path("deploykit.toml").write_text(toml, encoding="utf-8")
    with command.make_context("sync", list(arguments), default_map=settings.defaults("sync").get("sync")) as context:
        options = dict(context.params)
        return environments(options, options.pop("names"))


def refusal(*arguments: str, toml: str = TOML) -> str:
    try:
        made(*arguments, toml=toml)
    except UsageError as error:
        return " ".join(filter(None, (error.what, error.why, error.fix)))
    raise AssertionError("it was not refused")


def test_all_environments_are_taken_in_order_or_those_that_are_named():
    assert [one.name for one in made()] == ["dev", "prod"]
    assert [one.name for one in made("prod")] == ["prod"]
    assert [one.name for one in made("prod", "dev")] == ["prod", "dev"]


def test_an_environment_has_its_own_settings_over_those_of_the_top_level():
    dev, prod = made()
    assert (dev.request.profile, prod.request.profile) == (Profile.SLIM, Profile.CONNECT)
    assert (dev.request.server, dev.request.sharing) == ("sc://one:15002", ("sc://two:15002",))
    assert (prod.request.server, prod.request.sharing, prod.request.namespace) == (None, (), "ilum")
    assert (prod.request.client, prod.request.extras, prod.request.warm) == ("4.0.1", ("jdbc",), False)
    assert {one.request.repository for one in (dev, prod)} == {"registry.example/team/mage-ilum"}
    assert (dev.values, prod.values) == (Path("dev/values.yaml"), Path("prod/values.yaml"))
    assert (dev.confidence, prod.confidence) == (Confidence.MEDIUM, Confidence.HIGH)


def test_policies_are_those_of_the_environment_then_of_the_file_then_the_defaults():
    dev, prod = made()
    assert (dev.policies[Kind.BASE], dev.policies[Kind.JAVA]) == (Policy.IGNORE, Policy.REPORT)
    assert prod.policies == {**DEFAULTS, Kind.BASE: Policy.IGNORE, Kind.JAVA: Policy.REBUILD}


def test_a_flag_and_a_variable_win_over_an_environment(monkeypatch):
    monkeypatch.setenv("DEPLOYKIT_PROFILE", "full")
    [prod] = made("prod", "--client", "4.0.2", "--server", "sc://flag:15002")
    assert (prod.request.profile, prod.request.client) == (Profile.FULL, "4.0.2")
    assert (prod.request.server, prod.request.namespace) == ("sc://flag:15002", None)


def test_a_platform_that_nobody_named_is_any(monkeypatch):
    assert [one.request.any_platform for one in made()] == [True, True]
    assert [one.request.any_platform for one in made("--platform", "linux/arm64")] == [False, False]
    assert not made(toml=ONE + 'platform = "linux/arm64"\n')[0].request.any_platform
    assert not made(toml='platform = "linux/arm64"\n' + ONE)[0].request.any_platform
    monkeypatch.setenv("DEPLOYKIT_PLATFORM", "linux/amd64")
    assert not made(toml=ONE)[0].request.any_platform


def test_without_environments_the_options_make_one():
    [one] = made("--server", "sc://host:15002", "--values", "v.yaml", toml='repository = "registry.example/mage"')
    assert (one.name, one.request.server, one.values) == ("default", "sc://host:15002", Path("v.yaml"))


def test_a_token_comes_from_the_variable_that_an_environment_names(monkeypatch):
    toml = (
        'repository = "registry.example/mage"\n[environments.dev]\nserver = "sc://a"\nvalues = "v"\ntoken-env = "OWN"\n'
    )
    assert "Environment dev takes its token from OWN, which is not set." in refusal(toml=toml)
    monkeypatch.setenv("OWN", "s3cr3t")
    assert made(toml=toml)[0].token == "s3cr3t"


ONE = 'repository = "registry.example/mage"\n[environments.dev]\nserver = "sc://a"\nvalues = "v"\n'


@pytest.mark.parametrize(
    ("arguments", "toml", "sentence"),
    [
        (["nowhere"], TOML, "There is no environment nowhere. one of dev, prod"),
        (["nowhere"], 'repository = "registry.example/mage"', "[environments.nowhere] in deploykit.toml"),
        (["--server", "sc://x"], TOML, "--server is for one environment, and there are 2: dev, prod."),
        (["--values", "x"], TOML, "--values is for one environment"),
        (
            [],
            ONE + 'profil = "slim"\n',
            "dev] of deploykit.toml has profil, which is no setting. profile",
        ),
        ([], ONE + 'token-en = "T"\n', "has token-en, which is no setting. token-env"),
        (
            [],
            ONE + 'profile = "fat"\n',
            "dev] of deploykit.toml has profile = 'fat'. 'fat' is not one of",
        ),
        ([], 'profile = "fat"\n' + ONE, "deploykit.toml has profile = 'fat'. 'fat' is not one of"),
        (
            [],
            ONE.replace("environments", "environment"),
            "deploykit.toml has environment, which is no setting. environ",
        ),
        ([], 'repository = "registry.example/mage"', "The environment does not say which values file names its image."),
        ([], ONE + 'sign-key = "cosign.key"\n', "[environments.dev] of deploykit.toml has sign-key, which is for all"),
        ([], ONE + 'drift = {base = "perhaps"}\n', "[drift] says base = 'perhaps'. one of rebuild, report, ignore"),
        ([], ONE + 'drift = {server = "ignore"}\n', "[drift] has server, which has no policy."),
        ([], ONE + "drift = 1\n", "[environments.dev] has a drift that is no table."),
        ([], 'drift = "x"\n' + ONE, "deploykit.toml has drift = 'x', which is no table. [drift]"),
        ([], 'environments = "dev"\n', "deploykit.toml has environments = 'dev', which is no table. [environments]"),
        ([], ONE.replace('values = "v"\n', ""), "Environment dev does not say which values file names its image."),
        ([], ONE.partition("\n")[2], "Environment dev does not say where its image belongs."),
        ([], ONE + '[environments.two]\nserver = "sc://b"\nvalues = "./v"\n', "Environments dev and two both write v."),
        ([], 'repository = "registry.example/mage"\n[environments]\ndev = 1\n', "an environment that is no table"),
        ([], ONE.replace('server = "sc://a"\n', ""), "Which Spark?"),
        (["--server", "sc://a", "--values", "v"], "", "The environment does not say where its image belongs."),
    ],
)
def test_what_cannot_be_meant_is_refused_in_a_sentence(arguments, toml, sentence):
    assert sentence in refusal(*arguments, toml=toml)


@pytest.mark.parametrize(
    "toml",
    [
        ONE.replace('"v"', '["v"]'),
        ONE + "ca-file = 5\n",
        ONE + 'drift = {base = ["report"]}\n',
        "ca-file = 5\n" + ONE,
        "values = 5\n" + ONE,
    ],
)
def test_a_value_of_the_wrong_type_is_bad_input(toml):
    Path("deploykit.toml").write_text(toml, encoding="utf-8")
    assert run(["sync", "--check"]) == 2


def test_a_key_that_is_empty_does_not_mean_that_nothing_is_signed(capsys):
    Path("deploykit.toml").write_text(ONE, encoding="utf-8")
    assert run(["sync", "--check", "--sign-key", ""]) == 2
    assert "--sign-key names no key." in capsys.readouterr().err


@pytest.mark.parametrize("toml", [ONE + 'with = "jdbc"\n', 'with = "jdbc"\n' + ONE])
def test_a_text_is_a_list_of_one(toml):
    assert made(toml=toml)[0].request.extras == ("jdbc",)


@pytest.mark.parametrize("arguments", [["sync"], ["sync", "prod"], ["status"]])
def test_a_folder_without_deploykit_toml_is_said_to_be_one(capsys, arguments):
    assert run(arguments) == 2
    assert capsys.readouterr().err.startswith("Error: There is no deploykit.toml in this folder.")


@pytest.mark.parametrize("name", ["plan", "image", "detect"])
def test_the_tables_disturb_no_other_command(name, capsys):
    Path("deploykit.toml").write_text(TOML.replace("server", "spark", 1).replace("sc://top:15002", "4.1.1"), "utf-8")
    assert run([name, "--help"]) == 0
    if name == "plan":
        assert run([name]) == 0
    assert "Error" not in capsys.readouterr().err
