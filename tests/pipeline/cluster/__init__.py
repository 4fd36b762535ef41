"""Tests of many machines, on brokers that they start."""
