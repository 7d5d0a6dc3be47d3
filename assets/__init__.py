"""This deployment's feature tables and models: one folder each."""
