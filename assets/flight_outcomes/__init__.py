"""What became of the flights from New York."""
