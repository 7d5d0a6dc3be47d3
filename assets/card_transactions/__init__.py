"""Feature table `card_transactions`: a payment by card, as it is known when it is asked for."""
