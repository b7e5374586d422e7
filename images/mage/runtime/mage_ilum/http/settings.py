"""Which of Spark's settings are secret: a service may repeat them in what it says went wrong."""

import re
from collections.abc import Mapping

# Also fs.azure.account.key.<account>, fs.azure.sas.<container>, …private.key, access_key_id; not keySize or keyStore.
_SECRET = re.compile(
    "token|passw|passphrase|secret|credential|key(?![a-z])|(?<![a-z])sas(?![a-z])", re.IGNORECASE | re.ASCII
)


def secret_values(conf: Mapping[str, str]) -> tuple[str, ...]:
    """The values of those settings that are secret, by their keys.

    >>> secret_values({"spark.hadoop.fs.s3a.secret.key": "s3cr3t", "spark.executor.memory": "4g"})
    ('s3cr3t',)
    """
    return tuple(str(value) for key, value in conf.items() if value and _SECRET.search(key))
