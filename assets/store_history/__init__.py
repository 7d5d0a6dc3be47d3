"""What was sold and redeemed in the weeks before."""
