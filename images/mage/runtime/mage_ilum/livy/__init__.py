"""Spark jobs through Livy's REST API: whole programs as batches, statements in an interactive session."""

from mage_ilum.livy.batch import LivyBatch, livy_batch
from mage_ilum.livy.errors import BatchFailedError, LivyError, StatementError
from mage_ilum.livy.session import LivySession, livy_session

__all__ = ["BatchFailedError", "LivyBatch", "LivyError", "LivySession", "StatementError", "livy_batch", "livy_session"]
