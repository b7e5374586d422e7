"""Which of Spark's settings are secret: a service may repeat them in what it says went wrong."""

import re
from collections.abc import Mapping

# What the name of a secret ends with, as the chart has it too (templates/_validate-env.tpl), in any case of letters.
WORDS = (
    "passw(or)?d|passphrase|pwd|token|credentials?|connection_?string"
    "|(^|[^a-z])(pass|sas)|(api|access|account|private|encryption|shared|signing)_?key"
)
# Here they may be anywhere, since to hide too much costs nothing: fs.azure.account.key.<account>, access_key_id,
# tokenValue; but not keySize or keyStore.
_SECRET = re.compile(f"({WORDS}|key)(?![a-z])|secret|token|passw|credential", re.IGNORECASE | re.ASCII)


def secret_values(conf: Mapping[str, str]) -> tuple[str, ...]:
    """The values of those settings that are secret, by their keys.

    >>> secret_values({"spark.hadoop.fs.s3a.secret.key": "s3cr3t", "spark.executor.memory": "4g"})
    ('s3cr3t',)
    """
    return tuple(str(value) for key, value in conf.items() if value and _SECRET.search(key))
