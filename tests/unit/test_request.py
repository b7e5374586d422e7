"""Where a request comes from: flags before the environment, that before `deploykit.toml`, that before the defaults."""

import json
from pathlib import Path

import pytest
from tests.unit.image.plans import base, make, request

from deploykit import catalog
from deploykit.cli.main import run
from deploykit.errors import UsageError
from deploykit.image import java
from deploykit.request import Profile

pytestmark = pytest.mark.usefixtures("isolated")


@pytest.fixture
def answer(capsys):
    """The JSON answer of `deploykit plan`."""

    def answer(*arguments):
        assert run(["plan", *arguments, "-o", "json"]) == 0
        return json.loads(capsys.readouterr().out)

    return answer


def settings(text: str) -> None:
    Path("deploykit.toml").write_text(text, encoding="utf-8")


def test_a_flag_wins_over_the_environment_that_over_the_file_and_that_over_the_default(answer, monkeypatch):
    settings('spark = "4.1.0"\n')
    assert (answer()["client"], answer()["profile"]) == ("4.1.0", "connect")
    settings('spark = "4.1.0"\nprofile = "full"\n')
    assert answer()["profile"] == "full"
    monkeypatch.setenv("DEPLOYKIT_SPARK", "4.1.2")
    monkeypatch.setenv("DEPLOYKIT_PROFILE", "slim")
    assert (answer()["client"], answer()["profile"]) == ("4.1.2", "slim")
    last = answer("--spark", "4.1.3", "--profile", "connect")
    assert (last["client"], last["profile"]) == ("4.1.3", "connect")


def test_an_empty_variable_of_the_environment_counts_as_not_given(answer, monkeypatch):
    settings('spark = "4.1.0"\n')
    for name in ("SPARK", "SERVER", "NAMESPACE", "BASE", "REPOSITORY", "PROFILE", "CA_FILE"):
        monkeypatch.setenv(f"DEPLOYKIT_{name}", "")
    assert answer()["client"] == "4.1.0"


@pytest.mark.parametrize("key", ["executor-python", "executor_python"])
def test_the_keys_of_the_file_are_the_long_options(answer, key):
    settings(f'spark = "4.1.1"\nwarm = false\n{key} = "3.10"\noutput = "json"\n')
    assert answer()["warm"] is False
    assert answer()["udfs"] is True


def test_a_key_of_another_command_does_not_disturb(answer):
    settings('spark = "4.1.1"\npush = true\nverify = false\napi-server = ["192.0.2.1:6443"]\n')
    assert answer()["client"] == "4.1.1"


@pytest.mark.parametrize("text", ['spark = "4.1.1"\nprofil = "slim"', 'spark = "4.1.1"\n[image]\npush = true'])
def test_a_key_that_no_command_has_is_wrong_usage(capsys, text):
    settings(text)
    assert run(["plan"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("Error: deploykit.toml has ")
    assert ("Try: profile\n" in err) is ("profil" in text)


@pytest.mark.parametrize("content", [b"spark = ", b"spark = 4.1.1", b"\xff\xfe", b"spark"])
def test_a_file_that_is_no_toml_is_wrong_usage(capsys, content):
    Path("deploykit.toml").write_bytes(content)
    assert run(["plan"]) == 2
    said = capsys.readouterr().err
    assert said.startswith("Error: deploykit.toml is not valid TOML.\n  Why: ")
    assert "Try: deploykit" not in said


def test_a_value_that_an_option_does_not_take_names_the_file(capsys):
    settings('spark = "4.1.1"\nprofile = "conect"\n')
    assert run(["plan"]) == 2
    said = capsys.readouterr().err
    assert "deploykit.toml has profile = 'conect'.\n  Why: 'conect' is not one of 'connect'" in said
    assert "--profile" not in said


def test_a_version_that_toml_reads_as_a_number_is_refused_with_the_patches(capsys):
    settings("spark = 4.1")
    assert run(["plan"]) == 2
    assert "4.1.0, 4.1.1" in capsys.readouterr().err


@pytest.mark.parametrize(
    "reference",
    [
        "mageai/mageai:0.9.80",
        "registry.example:5000/a/b-c.d_e:tag",
        f"registry.example/mage@sha256:{'0' * 64}",
        f"registry.example/mage:1@sha256:{'0' * 64}",
        "mage",
    ],
)
def test_every_form_of_an_image_reference_can_be_a_base(reference):
    assert request(base=reference).base == reference


def test_an_extra_comes_from_a_flag_the_environment_or_the_file(answer, monkeypatch):
    assert answer("--spark", "4.1.1")["with"] == {}
    asked = answer("--spark", "4.1.1", "--with", "jdbc")
    assert asked["with"] == {"jdbc": ["jpype1 1.7.1", "org.apache.kyuubi:kyuubi-hive-jdbc-shaded:1.9.2 (20 MB)"]}
    settings('spark = "4.1.1"\nwith = ["jdbc"]\n')
    assert answer()["tag"] == asked["tag"]
    settings('spark = "4.1.1"\n')
    monkeypatch.setenv("DEPLOYKIT_WITH", "jdbc")
    assert answer()["tag"] == asked["tag"]
    monkeypatch.setenv("DEPLOYKIT_WITH", "")
    assert answer()["with"] == {}


def test_an_extra_that_needs_java_is_refused_without_it(capsys):
    assert run(["plan", "--spark", "4.1.1", "--profile", "slim", "--with", "jdbc"]) == 2
    said = capsys.readouterr().err
    assert "--with jdbc needs Java, which profile slim does not have." in said
    assert "--profile connect" in said


@pytest.mark.parametrize("address", ["maven.example", "ftp://maven.example", "https://maven.example/'x'"])
def test_a_mirror_that_is_no_address_is_refused(address):
    with pytest.raises(UsageError, match="--maven-mirror"):
        request(maven_mirror=address)


def test_a_base_that_could_end_a_line_of_the_dockerfile_is_refused():
    with pytest.raises(UsageError, match="--base"):
        request(base="mage:1\nRUN x")


@pytest.mark.parametrize(
    ("profile", "java", "jars"), [("connect", True, False), ("slim", False, False), ("full", True, True)]
)
def test_a_profile_says_whether_java_and_jars_are_there(profile, java, jars):
    assert (Profile(profile).java, Profile(profile).jars) == (java, jars)


def test_apt_sources_that_are_no_utf_8_are_a_sentence_whoever_reads_them(tmp_path):
    file = tmp_path / "debian.sources"
    file.write_bytes("# Größe\n".encode("latin-1"))
    with pytest.raises(UsageError, match=r"debian\.sources cannot be read") as raised:
        make(apt_sources=file)
    assert raised.value.why == "not UTF-8"
    with pytest.raises(UsageError, match=r"debian\.sources cannot be read"):
        java.remembered(request(apt_sources=file), base(), catalog.load())


def test_apt_sources_are_read_once_and_the_same_for_everybody(tmp_path):
    file = tmp_path / "debian.sources"
    file.write_text("# Größe\n", encoding="utf-8")
    asked = request(apt_sources=file)
    assert asked.sources == "# Größe\n"
    file.unlink()
    assert asked.sources == "# Größe\n"
    assert request().sources is None
