"""The Mage project that the image brings along."""
