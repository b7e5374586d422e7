"""In lock-step: detect, compare with what is deployed, find or build the image that fits, write it into the values."""
