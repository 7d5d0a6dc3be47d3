"""Two sets of rows compared without a model."""
