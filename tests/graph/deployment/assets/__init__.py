"""Rides made by formula: small enough for a test, large enough to train on."""
