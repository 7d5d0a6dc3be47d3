"""What was sold in the weeks before."""
