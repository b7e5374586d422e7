"""Ilum's REST API: its Spark Connect jobs, and the defaults of its clusters."""

import os
import ssl
import time

import pytest
import trustme
from tests.unit.detect.ilum_core import PASSWORD, IlumCore, cluster, job
from tests.unit.mage_ilum.doubles.service import SILENT

from deploykit.detect.ask import detect
from deploykit.detect.core import ask
from deploykit.detect.evidence import Confidence, merge
from deploykit.detect.where import Where
from deploykit.errors import UnreachableError, UsageError
from mage_ilum.deadline import Deadline


def found(ilum, **more):
    answer = ask(f"{ilum.url}{more.pop('path', '')}", Deadline(3))
    assert PASSWORD not in repr(answer)
    return [(item.source, str(item.version), item.server, item.note) for item in answer.evidence]


@pytest.fixture(autouse=True)
def nobody(monkeypatch):
    for name in ("TOKEN", "USER", "PASSWORD", "URL"):
        monkeypatch.delenv(f"ILUM_API_{name}", raising=False)


@pytest.mark.parametrize("path", ["", "/", "/api/v1", "/api/v1/"])
def test_a_connect_job_names_its_image_and_a_cluster_its_default(path):
    with IlumCore(clusters=[cluster(image="ilum/spark:4.1.1")], listed=[job("connect", "ilum/spark:3.5.7")]) as ilum:
        assert found(ilum, path=path) == [
            ("Ilum job", "3.5.7", "Ilum job connect", ""),
            ("Ilum cluster", "4.1.1", "Ilum", ""),
        ]


def test_a_job_without_an_image_takes_its_clusters_default_which_may_have_changed_since():
    with IlumCore(clusters=[cluster(image="ilum/spark:4.1.1"), cluster("other")], listed=[job("connect")]) as ilum:
        first, second = found(ilum)
    assert first[:3] == ("Ilum job", "4.1.1", "Ilum job connect")
    assert "default of cluster default may have changed" in first[3]
    assert second[0] == "Ilum cluster"


def test_ended_jobs_and_batch_jobs_do_not_count():
    listed = [
        job("ended", "spark:3.4.0", state="FINISHED"),
        job("failed", "spark:3.4.1", state="FAILED"),
        job("canceled", "spark:3.4.2", state="CANCELED"),
        job("batch", "spark:3.5.0", job_class="com.example.Main"),
        job("plugin", "spark:4.0.1", job_class="", config={"spark.plugins": "com.example.Plugin"}),
        job(
            "with-plugin",
            "spark:4.0.2",
            job_class="a.B",
            config={"spark.plugins": "x,org.apache.spark.sql.connect.SparkConnectPlugin"},
        ),
    ]
    with IlumCore(listed=listed) as ilum:
        assert [item[1] for item in found(ilum)] == ["4.0.2"]


def test_a_setting_as_one_text_is_read_too():
    text = "spark.executor.memory=1g; spark.kubernetes.container.image=ilum/spark:4.1.1"
    with IlumCore(listed=[{**job("connect"), "jobConfig": text}]) as ilum:
        assert [item[1] for item in found(ilum)] == ["4.1.1"]


@pytest.mark.parametrize("largest", [100, 7])
def test_all_pages_are_read_also_of_an_ilum_with_smaller_ones(largest):
    jobs = [*(job(f"batch-{number}", job_class="B") for number in range(250)), job("connect", "spark:4.0.1")]
    with IlumCore(listed=jobs, largest=largest) as ilum:
        assert [item[1] for item in found(ilum)] == ["4.0.1"]


def test_the_oldest_of_several_connect_jobs_decides():
    with IlumCore(listed=[job("new", "spark:4.1.1"), job("old", "spark:3.5.7")]) as ilum:
        whole = merge(ask(ilum.url, Deadline(3)).evidence)
    assert (str(whole.version), whole.confidence) == ("3.5.7", Confidence.SLIGHT)
    assert "Ilum job new asks for 4.1.1, Ilum job old asks for 3.5.7" in whole.disagreements[0]


def test_the_token_comes_from_the_environment_and_a_refusal_says_so(monkeypatch):
    with IlumCore(listed=[job("connect", "spark:4.0.1")], login="Bearer t0ken") as ilum:
        with pytest.raises(UnreachableError, match="Ilum answers 401") as refused:
            found(ilum)
        assert "ILUM_API_TOKEN" in refused.value.fix
        monkeypatch.setenv("ILUM_API_TOKEN", "t0ken")
        assert [item[1] for item in found(ilum)] == ["4.0.1"]
        monkeypatch.setenv("ILUM_API_TOKEN", "wr0ng")
        with pytest.raises(UnreachableError) as wrong:
            found(ilum)
    assert "wr0ng" not in str(vars(wrong.value))


@pytest.mark.parametrize(
    ("clusters", "jobs", "why"),
    [
        ([], [], "None of its 0 running jobs"),
        ([cluster(image="spark:latest")], [job("connect", "spark@sha256:0")], "None of its 1 running jobs"),
        ([], [job("connect", "spark:4.0.0-3.5.1")], "names 4.0.0 and 3.5.1"),
    ],
)
def test_an_ilum_that_names_no_version_for_sure_is_said(clusters, jobs, why):
    with IlumCore(clusters=clusters, listed=jobs) as ilum, pytest.raises(UnreachableError) as raised:
        ask(ilum.url, Deadline(3))
    assert "names no Spark version" in raised.value.what
    assert why in raised.value.why
    assert PASSWORD not in str(vars(raised.value))


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        ((200, {"status": "UP"}), "is not Ilum"),
        ((200, "<html>Sign in</html>"), "is not Ilum"),
        ((302, None), "redirects to https://login.example/"),
        ((503, {"message": "starting"}), "Ilum answers 503: starting"),
        ((404, {"message": "nothing here"}), "Ilum answers 404"),
    ],
)
def test_what_is_not_ilum_or_not_ready_is_said(answer, sentence):
    with IlumCore() as ilum:
        ilum.faults.append(lambda asked: answer)
        with pytest.raises(UnreachableError, match=sentence) as raised:
            ask(ilum.url, Deadline(3))
    assert "s3cr3t" not in str(vars(raised.value))
    assert "ILUM_API_URL" not in raised.value.fix


def test_a_silent_ilum_is_given_up_in_time():
    with IlumCore() as ilum:
        ilum.faults.append(lambda asked: SILENT)
        began = time.monotonic()
        with pytest.raises(UnreachableError, match="did not answer within"):
            ask(ilum.url, Deadline(0.5))
        assert time.monotonic() - began < 1.5


@pytest.mark.parametrize("url", ["ilum-core:9888", "ftp://ilum", "http://", "http://x?y=1"])
def test_an_address_that_cannot_be_is_wrong_usage(url):
    with pytest.raises(UsageError) as raised:
        ask(url, Deadline(1))
    assert raised.value.fix == "--ilum-core http://ilum-core:9888"


def test_an_ilum_behind_a_private_authority_is_trusted_where_that_is_named_and_nowhere_else(tmp_path, isolated):
    authority, context = trustme.CA(), ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1").configure_cert(context)
    ca_file = tmp_path / "ca.pem"
    authority.cert_pem.write_to_path(ca_file)
    before = dict(os.environ)
    with IlumCore(listed=[job("connect", "spark:4.0.1")], tls=context) as ilum:
        trusting = Where(ilum_core=ilum.url, ca_file=ca_file)
        assert str(detect(trusting, timeout=3).version) == "4.0.1"
        with pytest.raises(UnreachableError, match="No TLS connection") as refused:
            detect(Where(ilum_core=ilum.url), timeout=3)
    assert "--ca-file" in refused.value.fix
    assert dict(os.environ) == before
