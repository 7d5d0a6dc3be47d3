"""Customers who will not buy in the next ninety days, predicted at the end of a month."""
