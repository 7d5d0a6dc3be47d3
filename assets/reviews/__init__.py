"""Texts in which people say what they think of something."""
