"""What is added to Mage and PySpark when Python starts."""
