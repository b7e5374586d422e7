"""Settings whose values no message may hold."""

import pytest

from deploykit import assets
from mage_ilum.http.client import HttpService
from mage_ilum.http.settings import WORDS, secret_values

SECRET = [
    "spark.connect.authenticate.token",
    "spark.ssl.keyPassword",
    "spark.hadoop.fs.azure.account.key.lake.dfs.core.windows.net",
    "spark.hadoop.fs.azure.sas.container.lake.blob.core.windows.net",
    "spark.hadoop.fs.azure.sas.fixed.token.lake.dfs.core.windows.net",
    "spark.hadoop.fs.azure.account.oauth2.client.secret",
    "spark.hadoop.fs.gs.auth.service.account.private.key",
    "spark.hadoop.fs.gs.auth.service.account.private.key.id",
    "spark.hadoop.fs.s3a.access.key",
    "spark.hadoop.fs.s3a.secret.key",
    "spark.kubernetes.driverEnv.AWS_ACCESS_KEY_ID",
    "spark.executorEnv.API_KEY",
    "spark.executorEnv.apikey",
    "spark.executorEnv.MYSQL_PWD",
    "spark.executorEnv.DB_PASS",
    "spark.executorEnv.AZURE_STORAGE_CONNECTION_STRING",
    "spark.sql.catalog.lake.tokenValue",
    "spark.sql.catalog.lake.storageKey",
]
OPEN = [
    "spark.executor.memory",
    "spark.io.encryption.keySizeBits",
    "spark.ssl.keyStore",
    "spark.sql.mapKeyDedupPolicy",
    "spark.kubernetes.driver.label.sassy",
    "spark.hadoop.fs.s3a.endpoint",
]


@pytest.mark.parametrize("key", SECRET)
def test_a_secret_setting_is_known_by_its_key(key):
    assert secret_values({key: "v4lue"}) == ("v4lue",)


@pytest.mark.parametrize("key", OPEN)
def test_any_other_setting_may_be_shown(key):
    assert secret_values({key: "v4lue"}) == ()


def test_the_chart_has_the_same_words():
    template = (assets.chart() / "templates" / "_validate-env.tpl").read_text(encoding="utf-8")
    assert f'"{WORDS}"' in template


def test_a_secret_that_begins_as_another_is_hidden_as_a_whole():
    service = HttpService("Livy", "ILUM_LIVY", "http://livy:8998").hiding("abc", "abcdef")
    assert service.redact("abcdef and abc") == "*** and ***"
