"""Keeps the Spark client inside Mage in lock-step with the Spark that Ilum runs."""
