"""Turn formats, one codec a module, each for reading and writing."""
