"""Feature table `customer_activity`: what a customer of a web shop has bought and sent back, at the end of a month."""
