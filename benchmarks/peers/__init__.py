"""Other drift tools, each run in an environment of its own: its seconds, its memory, and the windows that alarm it.

A tool is a module, `python -m peers.<tool> speed REFERENCE CURRENT` or `… alarms FOLDER`, that prints JSON. What it needs beyond
our own environment stands in `<tool>.txt`. Nothing here is used, installed or tested by the project itself.
"""

from peers.clock import BEGUN
from peers.environments import TOOLS, Unavailable, alarms, interpreter, speed

__all__ = ["BEGUN", "TOOLS", "Unavailable", "alarms", "interpreter", "speed"]
