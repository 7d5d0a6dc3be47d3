"""Feature table `card_activity`: what was paid with a card in the days before."""
