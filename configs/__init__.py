"""Presets: each YAML file opens with what it is for."""
