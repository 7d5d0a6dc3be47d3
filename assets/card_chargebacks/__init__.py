"""Feature table `card_chargebacks`: whether a payment was charged back as fraud."""
