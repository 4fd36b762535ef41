"""Tests of what a cluster is deployed with."""
