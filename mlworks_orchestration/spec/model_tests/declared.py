"""The tests that a declaration may list, told apart by their kind, and what speaks against them."""

from collections.abc import Mapping, Sequence
from typing import Annotated, Any

from pydantic import Discriminator, Tag

from mlworks_orchestration.spec.base import IMPORT_PATH
from mlworks_orchestration.spec.model_tests.base import (
    LOADS_CLEANLY,
    AnyModelTest,
    ModelFacts,
)
from mlworks_orchestration.spec.model_tests.behaviour import Direction, Invariance, RobustToMissing
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


def _kind_of(declared: Any) -> str | None:  # noqa: ANN401 - what a declaration holds, or a test that was made already
    kind = declared.get("kind") if isinstance(declared, Mapping) else getattr(declared, "kind", None)
    return IMPORT_PATH if isinstance(kind, str) and ":" in kind else kind and str(kind)


ModelTest = Annotated[
    Annotated[MinimumQuality, Tag("minimum_quality")]
    | Annotated[BetterThanBaseline, Tag("better_than_baseline")]
    | Annotated[BetterThanSimpler, Tag("better_than_simpler")]
    | Annotated[SliceQuality, Tag("slice_quality")]
    | Annotated[NoSliceWorseThanChampion, Tag("no_slice_worse_than_champion")]
    | Annotated[Invariance, Tag("invariance")]
    | Annotated[Direction, Tag("direction")]
    | Annotated[Calibration, Tag("calibration")]
    | Annotated[RobustToMissing, Tag("robust_to_missing")]
    | Annotated[Latency, Tag("latency")]
    | Annotated[Size, Tag("size")]
    | Annotated[ServingParity, Tag("serving_parity")]
    | Annotated[Reproducibility, Tag("reproducibility")]
    | Annotated[OwnTest, Tag(IMPORT_PATH)],
    Discriminator(_kind_of),
]
"""One thing that a fitted model must pass."""


def objections(tests: Sequence[AnyModelTest], facts: ModelFacts) -> list[str]:
    """Return what is wrong with tests of a model, each with its place; nothing if they can be run.

    Parameters:
        tests: as declared.
        facts: of the model.
    """
    found = []
    titles = [LOADS_CLEANLY, *(test.title for test in tests)]
    for index, test in enumerate(tests):
        if test.title in titles[: index + 1]:
            found.append(f"model_tests[{index}]: there is a test {test.title!r} already; give this one a name of its own: name: …")
        if said := test.objection(facts):
            found.append(f"model_tests[{index}]: {said}")
    return found
