"""Part of the small deployment."""
