"""Arrival delays, predicted before departure."""
