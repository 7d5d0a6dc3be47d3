"""This deployment's environments: one module each, chosen by MLWORKS_ENV."""
