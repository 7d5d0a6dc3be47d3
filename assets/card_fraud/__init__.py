"""Fraudulent card payments, predicted when the payment is asked for."""
