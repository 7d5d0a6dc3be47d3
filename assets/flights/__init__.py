"""Scheduled flights from New York."""
