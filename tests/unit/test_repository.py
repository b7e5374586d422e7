"""What must hold for the repository as a whole, and for the wheel that is made from it."""

import ast
import os
import re
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest
import uv
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from tests.needs import missing

REPOSITORY = Path(__file__).parents[2]

# Split, so that this file does not name what it forbids.
REGISTRY_HOSTS = re.compile(
    "|".join(
        re.escape(host).replace("@", r"\.")
        for host in (
            "pypi@org", "files@pythonhosted", "pythonhosted@org", "deb@debian", "security@debian", "crates@io",
            "registry@npmjs", "repo1@maven", "repo@maven", "proxy@golang",
        )
    )
)  # fmt: skip
MACHINE_PATHS = re.compile(r"/wor[k]/|/roo[t]/\.|/opt/whee[l]s|/hom[e]/(?!src|mage)[a-z]+/")


def project_files() -> list[Path]:
    """Tracked files, and those that would be tracked."""
    listed = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"],
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
    )
    if listed.returncode != 0:
        missing("a git checkout", "clone the repository instead of unpacking an archive")
    paths = [REPOSITORY / name for name in listed.stdout.decode().split("\0") if name]
    return [path for path in paths if path.is_file()]


def lines_with(pattern: re.Pattern[str]) -> list[str]:
    found = []
    for path in project_files():
        text = path.read_text(encoding="utf-8", errors="replace")
        found += [f"{path.relative_to(REPOSITORY)}: {match[0]}" for match in pattern.finditer(text)]
    return found


def test_no_file_names_the_host_of_a_package_registry():
    assert lines_with(REGISTRY_HOSTS) == []


def test_no_file_names_a_path_of_a_developers_machine():
    assert lines_with(MACHINE_PATHS) == []


def test_only_tests_and_ci_know_the_testbed():
    product = [path for path in project_files() if path.relative_to(REPOSITORY).parts[0] in {"src", "images", "charts"}]
    assert product
    for path in product:
        text = path.read_text(encoding="utf-8", errors="replace")
        assert "testbed" not in text, path
        assert "127.0.0.1:5000" not in text, path


def test_the_client_of_registries_knows_nothing_of_the_images_that_are_made_with_it():
    for source in (REPOSITORY / "src/deploykit/registry").glob("*.py"):
        assert not re.search(r"deploykit\.image\b", source.read_text(encoding="utf-8")), source.name


def test_the_licence_is_apache_2():
    text = (REPOSITORY / "LICENSE").read_text(encoding="utf-8")
    assert "Apache License" in text
    assert "Version 2.0, January 2004" in text
    assert 'license = "Apache-2.0"' in (REPOSITORY / "pyproject.toml").read_text(encoding="utf-8")


def test_the_development_lock_holds_hashes_for_every_pin():
    for name in ("requirements-dev.txt", "tools/helm.txt", "tools/demo/server.txt"):
        text = (REPOSITORY / name).read_text(encoding="utf-8")
        pins = re.findall(r"^[a-z0-9].*$", text, re.MULTILINE)
        assert pins, name
        assert all(re.match(r"[a-z0-9.-]+==\S+( ; .*)? \\$", pin) for pin in pins), name


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    """The wheel of this checkout, built as a release is."""
    folder = tmp_path_factory.mktemp("wheel")
    command = [uv.find_uv_bin(), "build", "--quiet", "--wheel", "--no-build-isolation", "--out-dir", folder]
    subprocess.run([*command, "--python", sys.executable, REPOSITORY], check=True, timeout=120)
    [built] = folder.glob("deploykit-*.whl")
    return built


def test_charts_and_images_travel_inside_the_wheel(wheel):
    with zipfile.ZipFile(wheel) as content:
        names = set(content.namelist())
    travelling = [
        path.relative_to(REPOSITORY)
        for path in project_files()
        if path.relative_to(REPOSITORY).parts[0] in {"charts", "images"}
    ]
    assert {f"deploykit/assets/{path.as_posix()}" for path in travelling} <= names
    assert "mage_ilum/__init__.py" in names


def test_the_wheel_works_in_a_clean_environment(wheel, tmp_path):
    """With this environment's dependencies on its path, so that the test asks no package index."""
    environment = tmp_path / "environment"
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", environment], check=True, timeout=60)
    python = environment / "bin" / "python"
    install = [uv.find_uv_bin(), "pip", "install", "--quiet", "--offline", "--no-deps", "--python", python, wheel]
    subprocess.run(install, check=True, timeout=60)
    [site_packages] = environment.glob("lib/python*/site-packages")
    (site_packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    command = environment / "bin" / "deploykit"
    assert "deploykit plan" in subprocess.run([command, "--help"], capture_output=True, text=True, check=True).stdout

    code = (
        "from deploykit import assets\n"
        "print(assets.root())\n"
        "print((assets.chart() / 'Chart.yaml').is_file(), (assets.image() / 'catalog.toml').is_file())\n"
        "print(len(__import__('tomllib').loads((assets.image() / 'catalog.toml').read_text())['spark']) > 3)"
    )
    asked = subprocess.run([python, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    root, *answers = asked.stdout.splitlines()
    assert Path(root).is_relative_to(environment)
    assert answers == ["True True", "True"]

    quiet = {**os.environ, "DEPLOYKIT_CACHE": str(tmp_path / "cache"), "DOCKER_HOST": "unix:///nonexistent.sock"}
    planned = subprocess.run(
        [command, "plan", "--spark", "4.1.1"], capture_output=True, text=True, check=False, cwd=tmp_path, env=quiet
    )
    assert planned.returncode == 0, planned.stderr
    assert "0.9.80-spark4.1.1-connect-" in planned.stdout


def test_what_the_package_imports_it_declares():
    """What another dependency happens to bring may be gone with its next version."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    declared = {canonicalize_name(Requirement(text).name) for text in project["project"]["dependencies"]}
    imported = {
        name.partition(".")[0]
        for path in (REPOSITORY / "src").rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        for name in names_imported(node)
    }
    theirs = imported - sys.stdlib_module_names - {"deploykit", "mage_ilum"}
    distributions = packages_distributions()
    needed = {canonicalize_name(distributions[name][0]) for name in theirs}
    assert needed <= declared
    assert needed >= {"click", "requests", "kubernetes"}


def names_imported(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    return [node.module] if isinstance(node, ast.ImportFrom) and node.module and not node.level else []


def test_the_development_lock_fits_what_the_project_declares():
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text(encoding="utf-8"))
    declared = [*project["project"]["dependencies"], *project["dependency-groups"]["dev"]]
    text = (REPOSITORY / "requirements-dev.txt").read_text(encoding="utf-8")
    pins = re.findall(r"^([\w.-]+)==(\S+)", text, re.MULTILINE)
    locked = {canonicalize_name(name): version for name, version in pins}
    for requirement in map(Requirement, declared):
        assert requirement.specifier.contains(locked[canonicalize_name(requirement.name)]), requirement


def test_set_up_needs_no_distribution_as_none_is_installed_yet():
    asking = "import runpy, sys; runpy.run_path(sys.argv[1])['index_settings'].environment(None)"
    arguments = [sys.executable, "-I", "-S", "-c", asking, str(REPOSITORY / "tools" / "setup.py")]
    answer = subprocess.run(arguments, capture_output=True, text=True, check=False)
    assert (answer.returncode, answer.stderr) == (0, "")
