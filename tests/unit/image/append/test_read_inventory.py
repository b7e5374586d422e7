"""Whether the files of a base tell what its own Python would, and a sentence where they do not."""

import pytest

from deploykit.errors import IncompatibleError
from deploykit.image.append.facts import Distribution, Facts
from deploykit.image.append.read_inventory import inventory, report

SITE = "usr/local/lib/python3.10/site-packages"
CONFIG = {"os": "linux", "architecture": "amd64", "config": {"Env": ["PATH=/opt/bin:/usr/local/bin"]}}


def base(**other: object) -> Facts:
    mage = Distribution(name="mage_ai", version="0.9.80", requires=("pandas<3", 'x; extra == "y"'))
    facts = {
        "names": frozenset({"usr/local/bin/python3", "usr/local/lib/python3.10/os.py"}),
        "texts": {"app/run_app.sh": ""},
        "programs": frozenset({"app/run_app.sh"}),
        "versions": {"usr/local/include/python3.10/patchlevel.h": "3.10.13", "usr/lib/libc.so.6": "2.36"},
        "distributions": {f"{SITE}/mage_ai-0.9.80.dist-info": mage},
    }
    return Facts(**{**facts, **other})


def test_all_of_it_is_told():
    found = inventory(base(), CONFIG, reference="mage:1")
    assert (found.python, found.glibc, found.platform, found.mage) == ("3.10.13", "2.36", "linux/amd64", "0.9.80")
    assert found.site_packages == f"/{SITE}"
    assert found.requires == {"mage-ai": ("pandas<3",)}


def test_where_no_header_tells_the_version_the_image_of_python_does():
    facts = base(versions={"usr/lib/libc.so.6": "2.36"})
    named = {**CONFIG, "config": {"Env": ["PYTHON_VERSION=3.10.14"]}}
    assert report(facts, named, reference="mage:1")["python"] == "3.10.14"
    with pytest.raises(IncompatibleError, match="cannot be told from its files") as raised:
        report(facts, CONFIG, reference="mage:1")
    assert "--engine docker" in raised.value.fix


def test_a_distribution_on_pythonpath_comes_before_the_one_in_site_packages():
    other = Distribution(name="mage-ai", version="0.9.81", requires=())
    facts = base(distributions={**base().distributions, "home/src/mage_ai-0.9.81.dist-info": other})
    config = {**CONFIG, "config": {"Env": ["PYTHONPATH=/home/src"]}}
    assert report(facts, config, reference="mage:1")["distributions"] == {"mage-ai": "0.9.81"}
    assert report(facts, CONFIG, reference="mage:1")["distributions"] == {"mage-ai": "0.9.80"}


def test_distributions_are_called_as_packaging_calls_them():
    """And as `inventory.py` does inside an image."""
    odd = Distribution(name="Odd._Name", version="1", requires=())
    facts = base(distributions={**base().distributions, f"{SITE}/Odd.-_Name-1.dist-info": odd})
    assert set(report(facts, CONFIG, reference="mage:1")["distributions"]) == {"mage-ai", "odd-name"}


def test_a_folder_that_a_pth_file_names_is_looked_into():
    more = Distribution(name="more", version="1", requires=())
    texts = {f"{SITE}/more.pth": "import os\n# no\n/opt/more\n"}
    facts = base(texts=texts, distributions={**base().distributions, "opt/more/more-1.dist-info": more})
    assert report(facts, CONFIG, reference="mage:1")["distributions"]["more"] == "1"


@pytest.mark.parametrize(
    "other", [{"names": frozenset()}, {"names": frozenset({"usr/local/bin/python3"})}], ids=["no python", "no library"]
)
def test_a_python_that_cannot_be_told_is_refused(other):
    with pytest.raises(IncompatibleError, match="cannot be told"):
        report(base(**other), CONFIG, reference="mage:1")


def test_debians_own_python_looks_elsewhere_and_is_refused():
    names = frozenset({"usr/bin/python3", "usr/lib/python3.11/os.py"})
    config = {**CONFIG, "config": {"Env": ["PATH=/usr/bin"]}}
    with pytest.raises(IncompatibleError, match="cannot be told"):
        report(base(names=names), config, reference="mage:1")


def test_a_base_without_a_start_script_is_refused_as_an_engine_would():
    with pytest.raises(IncompatibleError, match=r"run_app\.sh|not a base"):
        inventory(base(programs=frozenset()), CONFIG, reference="mage:1")
