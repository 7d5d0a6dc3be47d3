"""This deployment's triggers: what starts a job without a person."""
