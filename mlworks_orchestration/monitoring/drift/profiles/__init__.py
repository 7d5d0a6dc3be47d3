"""What is kept of rows: small profiles of columns that merge, and how they are stored."""
