"""What pods of Mage see for themselves, by a probe in each kind of them."""
