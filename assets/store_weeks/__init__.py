"""The stores and weeks to forecast, with their promotions and coupons as planned."""
