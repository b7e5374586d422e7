"""SQL over the HiveServer2 protocol, for SQLAlchemy."""
