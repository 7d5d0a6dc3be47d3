"""What a fitted model must pass before it may serve, in the words of its declaration; each kind is run by a file of `training/model_tests`."""

from mlworks_orchestration.spec.model_tests.base import LOADS_CLEANLY, LOADS_CLEANLY_ASSERTS, AnyModelTest, ModelFacts
from mlworks_orchestration.spec.model_tests.behaviour import Direction, Invariance, RobustToMissing
from mlworks_orchestration.spec.model_tests.declared import ModelTest, objections
from mlworks_orchestration.spec.model_tests.own import OwnTest
from mlworks_orchestration.spec.model_tests.quality import (
    BetterThanBaseline,
    BetterThanSimpler,
    Calibration,
    MinimumQuality,
    NoSliceWorseThanChampion,
    SliceQuality,
)
from mlworks_orchestration.spec.model_tests.serving import Latency, Reproducibility, ServingParity, Size

__all__ = [
    "LOADS_CLEANLY",
    "LOADS_CLEANLY_ASSERTS",
    "AnyModelTest",
    "BetterThanBaseline",
    "BetterThanSimpler",
    "Calibration",
    "Direction",
    "Invariance",
    "Latency",
    "MinimumQuality",
    "ModelFacts",
    "ModelTest",
    "NoSliceWorseThanChampion",
    "OwnTest",
    "Reproducibility",
    "RobustToMissing",
    "ServingParity",
    "Size",
    "SliceQuality",
    "objections",
]
