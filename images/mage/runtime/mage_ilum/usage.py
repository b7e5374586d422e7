"""Calls that cannot be carried out as they were written; nothing has been sent to Spark then."""

from mage_ilum.errors import MageIlumError


class UsageError(MageIlumError, ValueError):
    """A query, a value, a name or a frame that does not fit the call; `code` says which way."""

    exit_code = 2
