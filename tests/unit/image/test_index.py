"""The package index: who is asked, and what is said when it does not answer."""

import importlib.util
import os
import pwd
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.needs import missing
from tests.unit.mage_ilum.servers import failing, silent

from deploykit.errors import UnreachableError
from deploykit.image import index, index_settings
from deploykit.image.index import NoSolutionError, Target

pytestmark = pytest.mark.usefixtures("isolated")

TARGET = Target(python="3.10", machine="x86_64", glibc="2.36")
SECRET = "p4ssw0rd"
VARIABLES = (
    "UV_DEFAULT_INDEX", "UV_INDEX_URL", "UV_INDEX", "UV_EXTRA_INDEX_URL", "SSL_CERT_FILE", "PIP_INDEX_URL",
    "PIP_EXTRA_INDEX_URL", "PIP_CERT", "PIP_CONFIG_FILE", "UV_SYSTEM_CERTS", "UV_HTTP_CONNECT_TIMEOUT",
)  # fmt: skip


@pytest.fixture
def no_settings(monkeypatch, tmp_path):
    """Nothing of the machine's own pip and uv."""
    for name in VARIABLES:
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / "pip.conf"))
    return tmp_path / "pip.conf"


@pytest.fixture
def answering(request) -> Iterator[int]:
    """An index that answers everything with one status."""
    with failing(request.param) as port:
        yield port


def test_an_index_that_is_away_is_unreachable_within_seconds_and_no_credential_is_shown(monkeypatch, closed_port):
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://me:{SECRET}@127.0.0.1:{closed_port}/simple")
    monkeypatch.delenv("UV_HTTP_RETRIES")
    began = time.monotonic()
    with pytest.raises(UnreachableError, match="package index could not be asked") as caught:
        index.resolve(["py4j"], TARGET, held={}, preferred={}, ca_file=None)
    assert time.monotonic() - began < 5
    assert caught.value.exit_code == 4
    assert SECRET not in f"{caught.value.what} {caught.value.why} {caught.value.fix}"


def test_an_index_that_says_nothing_is_not_waited_for_for_long(monkeypatch):
    with silent() as port:
        monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{port}/simple")
        monkeypatch.setenv("UV_HTTP_TIMEOUT", "1")
        with pytest.raises(UnreachableError, match="package index could not be asked"):
            index.resolve(["py4j"], TARGET, held={}, preferred={}, ca_file=None)
        monkeypatch.delenv("UV_HTTP_TIMEOUT")
        assert index_settings.environment(None)["UV_HTTP_TIMEOUT"] == "10"
        monkeypatch.setattr(index, "_SECONDS", 0.5)
        with pytest.raises(UnreachableError, match="package index could not be asked") as caught:
            index.resolve(["py4j"], TARGET, held={}, preferred={}, ca_file=None)
    assert "within 0.5 s" in caught.value.why


@pytest.mark.parametrize("answering", [401, 403, 500, 503], indirect=True)
def test_an_index_that_refuses_or_fails_is_never_taken_for_one_without_a_solution(monkeypatch, answering):
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://me:{SECRET}@127.0.0.1:{answering}/simple")
    with pytest.raises(UnreachableError) as caught:
        index.resolve(["py4j"], TARGET, held={}, preferred={}, ca_file=None)
    assert SECRET not in f"{caught.value.what} {caught.value.why} {caught.value.fix}"


@pytest.mark.parametrize("answering", [404], indirect=True)
def test_an_index_that_does_not_have_a_package_gives_no_solution(monkeypatch, answering):
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"http://127.0.0.1:{answering}/simple")
    with pytest.raises(NoSolutionError) as caught:
        index.resolve(["py4j"], TARGET, held={}, preferred={}, ca_file=None)
    assert "py4j" in caught.value.why


@pytest.mark.parametrize(
    ("fits", "name"),
    [
        (True, "manylinux_2_36_x86_64"),
        (True, "manylinux_2_17_x86_64"),
        (True, "manylinux2014_x86_64"),
        (True, "manylinux2010_x86_64"),
        (False, "manylinux_2_37_x86_64"),
        (False, "manylinux_2_17_aarch64"),
        (False, "musllinux_1_2_x86_64"),
    ],
)
def test_wheels_fit_the_bases_glibc_and_machine(fits, name):
    assert (f"cp310-cp310-{name}" in TARGET.tags()) is fits


def test_wheels_fit_the_bases_python():
    tags = TARGET.tags()
    assert "cp39-abi3-manylinux_2_17_x86_64" in tags
    assert "py3-none-any" in tags
    assert not [tag for tag in tags if tag.startswith(("cp311", "pp"))]


def test_pips_settings_are_taken_over_where_uv_has_none(no_settings, monkeypatch):
    no_settings.write_text("[global]\nindex-url = https://file.example/simple\n")
    assert index_settings.environment(None)["UV_DEFAULT_INDEX"] == "https://file.example/simple"
    monkeypatch.setenv("PIP_INDEX_URL", "https://variable.example/simple")
    assert index_settings.environment(None)["UV_DEFAULT_INDEX"] == "https://variable.example/simple"


@pytest.mark.parametrize(
    ("files", "chosen"),
    [
        (("xdg/pip/pip.conf",), None),
        (("xdg/pip/pip.conf", ".pip/pip.conf"), None),
        ((".pip/pip.conf", "config/pip/pip.conf"), None),
        (("xdg/pip/pip.conf", "config/pip/pip.conf", "pip.conf"), "pip.conf"),
        (("config/pip/pip.conf",), "nowhere.conf"),
        (("xdg/pip/pip.conf", "config/pip/pip.conf"), os.devnull),
    ],
)
def test_pips_files_count_as_for_pip_itself(no_settings, monkeypatch, tmp_path, files, chosen):
    if importlib.util.find_spec("pip") is None:
        missing("pip", "install python3-venv, and make .venv anew")
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "xdg"))
    monkeypatch.delenv("PIP_CONFIG_FILE")
    if chosen:
        monkeypatch.setenv("PIP_CONFIG_FILE", str(tmp_path / chosen))  # `/dev/null` stays that
    for number, name in enumerate(files):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        lines = [f"index{'-_'[number % 2]}url = https://{number}.example", f"extra-index-url ={' https://x' * number}"]
        (tmp_path / name).write_text("\n".join(["[global]", *lines]), encoding="utf-8")
    listed = subprocess.run([sys.executable, "-m", "pip", "config", "list"], capture_output=True, check=True, text=True)
    of_pip = dict(line.split("=", 1) for line in listed.stdout.splitlines())
    ours = index_settings.environment(None)
    for variable, name in (("UV_DEFAULT_INDEX", "index-url"), ("UV_INDEX", "extra-index-url")):
        assert ours.get(variable, "") == of_pip.get(f"global.{name}", "''").strip("'")


def test_the_file_of_an_environment_or_image_counts_above_a_persons_own(no_settings, monkeypatch, tmp_path):
    monkeypatch.setattr(sys, "prefix", str(tmp_path / "usr"))
    for folder, name in (("config/pip", "own"), ("usr", "image")):
        (tmp_path / folder).mkdir(parents=True)
        (tmp_path / folder / "pip.conf").write_text(f"[global]\nindex-url = https://{name}.example/simple\n")
    assert index_settings.environment(None)["UV_DEFAULT_INDEX"] == "https://image.example/simple"


def test_a_user_id_without_a_home_has_no_files_of_its_own(no_settings, monkeypatch):
    def nobody(uid):
        raise KeyError(uid)

    monkeypatch.setattr(pwd, "getpwuid", nobody)
    for name in ("HOME", "XDG_CONFIG_HOME", "PIP_CONFIG_FILE"):
        monkeypatch.delenv(name)
    assert "UV_DEFAULT_INDEX" not in index_settings.environment(None)


@pytest.mark.parametrize("name", ["UV_DEFAULT_INDEX", "UV_INDEX_URL"])
def test_uvs_own_settings_win_over_pips(no_settings, monkeypatch, name):
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.example/simple")
    monkeypatch.setenv(name, "https://uv.example/simple")
    found = index_settings.environment(None)
    assert found[name] == "https://uv.example/simple"
    assert "https://pip.example/simple" not in (found.get("UV_DEFAULT_INDEX"), found.get("UV_INDEX_URL"))


def test_a_ca_file_is_trusted_beside_what_the_machine_trusts(no_settings, monkeypatch, tmp_path):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    company, own = tmp_path / "company.pem", tmp_path / "own.pem"
    company.write_text("of the company")
    own.write_text("of my own")
    monkeypatch.setenv("PIP_CERT", str(company))
    assert index_settings.environment(None)["SSL_CERT_FILE"] == str(company)
    assert Path(index_settings.environment(own)["SSL_CERT_FILE"]).read_text() == "of the company\nof my own"


def test_credentials_are_for_one_server_and_not_for_others_on_its_host(no_settings, monkeypatch):
    monkeypatch.setenv("UV_DEFAULT_INDEX", f"https://me:{SECRET}@index.example/simple")
    assert index_settings.credentials("https://index.example:443/files/a.whl") == ("me", SECRET)
    assert index_settings.credentials("https://index.example:8443/files/a.whl") is None
    assert index_settings.credentials("http://index.example/files/a.whl") is None


UV_FILES = {
    "index": '[[index]]\nurl = "https://me:{secret}@index.example/simple"',
    "index-url": 'index-url = "https://me:{secret}@index.example/simple"',
    "extra-index-url": 'extra-index-url = ["https://x.example", "https://me:{secret}@index.example/simple"]',
    "pip": '[pip]\nindex-url = "https://me:{secret}@index.example/simple"',
}


@pytest.mark.parametrize("text", UV_FILES.values(), ids=UV_FILES.keys())
@pytest.mark.parametrize("place", ["config/uv/uv.toml", "xdg/uv/uv.toml", "chosen.toml"])
def test_credentials_in_uvs_own_files_are_found(no_settings, monkeypatch, tmp_path, text, place):
    monkeypatch.setenv("XDG_CONFIG_DIRS", str(tmp_path / "xdg"))
    if place == "chosen.toml":
        monkeypatch.setenv("UV_CONFIG_FILE", str(tmp_path / place))
    (tmp_path / place).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / place).write_text(text.format(secret=SECRET), encoding="utf-8")
    assert index_settings.credentials("https://index.example/files/a.whl") == ("me", SECRET)


@pytest.mark.parametrize("variable", [True, False])
def test_credentials_in_variables_of_a_named_index_are_found(no_settings, monkeypatch, tmp_path, variable):
    if variable:
        monkeypatch.setenv("UV_INDEX", "https://x.example/simple my-own=https://index.example/simple")
    else:
        file = tmp_path / "config/uv/uv.toml"
        file.parent.mkdir(parents=True)
        file.write_text('index = [{ name = "my-own", url = "https://index.example/simple" }]', encoding="utf-8")
    assert index_settings.credentials("https://index.example/files/a.whl") is None
    monkeypatch.setenv("UV_INDEX_MY_OWN_USERNAME", "me")
    monkeypatch.setenv("UV_INDEX_MY_OWN_PASSWORD", SECRET)
    assert index_settings.credentials("https://index.example/files/a.whl") == ("me", SECRET)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("UV_DEFAULT_INDEX", f"https://me:{SECRET}@index.example/simple"),
        ("UV_INDEX", f"https://other.example/simple mine=https://me:{SECRET}@index.example/simple"),
        ("PIP_INDEX_URL", f"https://me:{SECRET}@index.example/simple"),
    ],
)
def test_files_of_an_index_are_fetched_with_its_credentials_and_those_of_others_without(
    no_settings, monkeypatch, name, value
):
    monkeypatch.setenv(name, value)
    assert index_settings.credentials("https://index.example/files/a.whl") == ("me", SECRET)
    assert index_settings.credentials("https://files.example/a.whl") is None


def test_an_index_in_uvs_own_file_wins_over_pips(no_settings, monkeypatch, tmp_path):
    file = tmp_path / "uv.toml"
    file.write_text('index-url = "https://uv.example/simple"\n')
    monkeypatch.setenv("UV_CONFIG_FILE", str(file))
    monkeypatch.setenv("PIP_INDEX_URL", "https://pip.example/simple")
    assert "UV_DEFAULT_INDEX" not in index_settings.environment(None)


def test_the_ca_of_pips_file_is_trusted(no_settings, monkeypatch, tmp_path):
    for name in ("REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "PIP_CERT"):
        monkeypatch.delenv(name, raising=False)
    company = tmp_path / "company.pem"
    company.write_text("of the company")
    no_settings.write_text(f"[global]\ncert = {company}\n")
    assert index_settings.environment(None)["SSL_CERT_FILE"] == str(company)
