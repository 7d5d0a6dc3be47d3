"""Avocado sales of the week to come, forecast on the Sunday before."""
