"""What was sold in the week that was forecast."""
