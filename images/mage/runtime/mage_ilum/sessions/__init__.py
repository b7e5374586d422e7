"""Sessions of blocks: opened, watched, noted, ended."""
