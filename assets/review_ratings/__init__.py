"""What people who read the texts thought of their mood."""
