"""The weeks whose avocado sales are to be forecast."""
