"""Coupons redeemed in a store in the week to come."""
