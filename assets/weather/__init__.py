"""Hourly weather at the airports of New York."""
