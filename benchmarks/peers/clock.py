"""When this process began: the package imports this first, so a peer's own imports are what follows."""

import time

BEGUN = time.perf_counter()
