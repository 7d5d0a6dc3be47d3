"""The tests of a version, run once, kept in the lake and shown in MLflow."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from mlworks_orchestration import clock
from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import TrackingError, TrainingError
from mlworks_orchestration.spec import AnyModelTest, Catalog, MLModel, OwnTest
from mlworks_orchestration.training.model_tests.own import own
from mlworks_orchestration.training.model_tests.record import registered
from mlworks_orchestration.training.model_tests.results import Result, required_tests, results, store_results
from mlworks_orchestration.training.model_tests.showing import show
from mlworks_orchestration.training.model_tests.subject import Stores, Subject
from mlworks_orchestration.training.registry import Registry
from mlworks_orchestration.training.snapshot import find_snapshot, load_snapshot
from mlworks_orchestration.training.tracking import reaching
from mlworks_orchestration.training.versions import ModelVersion
from mlworks_orchestration.training.wording import in_short


def run_tests(lake: Lake, catalog: Catalog, model: MLModel, registry: Registry, version: int) -> list[Result]:
    """Run the tests that a version has no result of yet, keep what they found, and let it be the challenger.

    What was found is stored in one commit, then shown in MLflow, then the alias `challenger` moves; run again after a crash, what is missing is
    done. A test that raises an error has found nothing: what the others found is kept, no alias moves, and it is run again next time.

    Parameters:
        lake: where rows are read and results are kept.
        catalog: all declarations.
        model: the model's declaration.
        registry: where the version is.
        version: its number.

    Returns:
        All results, in the order of the declaration.

    Raises:
        TrackingError: if MLflow does not answer, or does not have the version.
        TrainingError: naming the tests that raised an error, and the errors.
    """
    found = registry.version(model.name, version)
    wanted = required_tests(model)
    missing = [test for test in wanted if test.title not in results(lake, model.name, version)]
    crashed = _run(Stores(lake, catalog, registry), model, found, missing) if missing else {}
    if crashed:
        said = " ".join(f"{title}: {in_short(error)}." for title, error in crashed.items())
        message = (
            f"Model {model.name} version {version}: {len(crashed)} of {len(wanted)} tests could not be run, so it is not promoted. {said} "
            f"Mend that and materialise {model.name}/champion, which runs them again."
        )
        raise TrainingError(message) from next(iter(crashed.values()))
    known = results(lake, model.name, version)
    tested = [known[test.title] for test in wanted]
    show(lake, model, registry, found, tested)
    return tested


def _run(stores: Stores, model: MLModel, version: ModelVersion, tests: list[AnyModelTest]) -> dict[str, Exception]:
    """Run tests, keep what they found, and return the errors of those that raised one, by name."""
    found, crashed = [], {}
    with on_the_bench(stores, model, version) as subject:
        for test in tests:
            try:
                found.append(run_test(subject, test))
            except TrackingError:
                raise
            except Exception as error:  # noqa: BLE001 - a user's test may raise anything, and the others are to be run all the same
                crashed[test.title] = error
        champion = subject.champion.version if subject.champion else None
    if found:
        snapshot = version.tags["snapshot"]
        store_results(stores.lake, model.name, version.version, found, snapshot=snapshot, champion=champion, tested_at=clock.now())
    return crashed


def run_test(subject: Subject, test: AnyModelTest) -> Result:
    """Run one test and return what it found; nothing is kept.

    Parameters:
        subject: the version.
        test: its declaration.
    """
    finding = own(subject, test) if isinstance(test, OwnTest) else registered()[test.kind].run(subject, test)
    return Result(test.title, test.kind, test.severity, finding)


@contextmanager
def on_the_bench(stores: Stores, model: MLModel, version: ModelVersion) -> Iterator[Subject]:
    """Read the rows of a version, load it and fetch its files, which are gone when the block ends.

    Parameters:
        stores: where all that is.
        model: the model's declaration.
        version: a registered one.

    Raises:
        TrackingError: if MLflow does not have its files, or if it did not come from here.
        TrainingError: if its rows cannot be read back, or if it cannot be loaded.
    """
    if "snapshot" not in version.tags:
        message = (
            f"Model {model.name} version {version.version} has no tag 'snapshot', so it did not come from here and cannot be tested; "
            f"materialise {model.name}/candidate instead of registering a version by hand."
        )
        raise TrackingError(message)
    snapshot = find_snapshot(stores.lake, model, version.tags["snapshot"])
    train, holdout = load_snapshot(stores.lake, stores.catalog, model, snapshot)
    with TemporaryDirectory(prefix="mlworks-model-") as folder:
        stored = _downloaded(stores.registry, version, folder)
        yield Subject(model, version, stores.registry.load(model.name, version.version), train, holdout, stored, stores)


def _downloaded(registry: Registry, version: ModelVersion, folder: str) -> Path:
    client = registry.client
    from mlflow.artifacts import download_artifacts  # noqa: PLC0415 - heavy

    with reaching(registry.tracking_uri):
        source = client.get_model_version_download_uri(version.model, str(version.version))
        return Path(download_artifacts(artifact_uri=source, dst_path=folder, tracking_uri=registry.tracking_uri))
