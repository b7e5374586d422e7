"""Whether a Mage project fits its image."""
