"""Ice cream sold by a store in the week to come."""
