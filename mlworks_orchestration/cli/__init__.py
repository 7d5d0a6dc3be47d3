"""`mlworks`: the door for people at a terminal; one module a verb."""

from mlworks_orchestration.cli.main import main

__all__ = ["main"]
