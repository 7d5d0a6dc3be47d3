"""Reference and window side by side, and the verdict."""
