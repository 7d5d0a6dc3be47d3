"""Whether a customer who writes is happy."""
