"""What assets do when they run: imported by then, not when the code location loads."""
