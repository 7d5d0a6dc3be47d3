"""Feature table `customer_churn`: whether a customer came back within ninety days."""
