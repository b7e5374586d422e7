"""Whether the image that runs is what it says, and what was asked for."""
