"""Part of the deployment of other tasks."""
