"""Runs the product's commands and compares them with the oracle."""
