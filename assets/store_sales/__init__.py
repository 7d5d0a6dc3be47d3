"""What was sold and redeemed in the week that was forecast."""
