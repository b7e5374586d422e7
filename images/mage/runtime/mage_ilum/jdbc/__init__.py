"""JDBC through a Java that runs inside this process."""
