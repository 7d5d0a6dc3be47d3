"""ML Works."""
