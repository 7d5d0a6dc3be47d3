"""The rules that every declared model keeps, as checks that run on any of them."""

from mlworks_orchestration.conformance.suite import RULES, Finding, examine

__all__ = ["RULES", "Finding", "examine"]
