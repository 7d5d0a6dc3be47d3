"""Model tests: what a fitted version must pass before it may serve; a new kind is a file here and its record below."""

from mlworks_orchestration.training.model_tests.better_than_baseline import BETTER_THAN_BASELINE
from mlworks_orchestration.training.model_tests.better_than_simpler import BETTER_THAN_SIMPLER
from mlworks_orchestration.training.model_tests.calibration import CALIBRATION
from mlworks_orchestration.training.model_tests.direction import DIRECTION
from mlworks_orchestration.training.model_tests.invariance import INVARIANCE
from mlworks_orchestration.training.model_tests.latency import LATENCY
from mlworks_orchestration.training.model_tests.loads_cleanly import LOADS
from mlworks_orchestration.training.model_tests.minimum_quality import MINIMUM_QUALITY
from mlworks_orchestration.training.model_tests.no_slice_worse_than_champion import NO_SLICE_WORSE_THAN_CHAMPION
from mlworks_orchestration.training.model_tests.record import Finding, Kind, State, register, registered
from mlworks_orchestration.training.model_tests.reproducibility import REPRODUCIBILITY
from mlworks_orchestration.training.model_tests.results import Result, required_tests, results, store_results, stored_results
from mlworks_orchestration.training.model_tests.robust_to_missing import ROBUST_TO_MISSING
from mlworks_orchestration.training.model_tests.run import run_test, run_tests
from mlworks_orchestration.training.model_tests.serving_parity import SERVING_PARITY
from mlworks_orchestration.training.model_tests.size import SIZE
from mlworks_orchestration.training.model_tests.slice_quality import SLICE_QUALITY
from mlworks_orchestration.training.model_tests.standing import held_back, obstacle_of, require_tested, untested
from mlworks_orchestration.training.model_tests.subject import Part, Stores, Subject

__all__ = [
    "BETTER_THAN_BASELINE",
    "BETTER_THAN_SIMPLER",
    "CALIBRATION",
    "DIRECTION",
    "INVARIANCE",
    "LATENCY",
    "LOADS",
    "MINIMUM_QUALITY",
    "NO_SLICE_WORSE_THAN_CHAMPION",
    "REPRODUCIBILITY",
    "ROBUST_TO_MISSING",
    "SERVING_PARITY",
    "SIZE",
    "SLICE_QUALITY",
    "Finding",
    "Kind",
    "Part",
    "Result",
    "State",
    "Stores",
    "Subject",
    "held_back",
    "obstacle_of",
    "register",
    "registered",
    "require_tested",
    "required_tests",
    "results",
    "run_test",
    "run_tests",
    "store_results",
    "stored_results",
    "untested",
]
