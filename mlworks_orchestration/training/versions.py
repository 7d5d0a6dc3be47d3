"""What MLflow holds of a model: its experiment, its versions and who serves."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from mlworks_orchestration.data import Lake
from mlworks_orchestration.errors import TrackingError
from mlworks_orchestration.training.predictor import Predictor, load_predictor
from mlworks_orchestration.training.tracking import ABSENT, PRESENT, connect, reaching, tolerating, without_password

if TYPE_CHECKING:
    from mlflow.tracking import MlflowClient

CHAMPION, CHALLENGER, PREVIOUS = "champion", "challenger", "previous"
_MOST_VERSIONS = 10_000
_loaded_once = lru_cache(maxsize=16)(load_predictor)


@dataclass(frozen=True)
class ModelVersion:
    """A registered version of a model.

    Parameters:
        model: the model's name.
        version: its number, from 1.
        run_id: the MLflow run that made it.
        created_at: when it was registered, by the system's clock.
        tags: snapshot, trigger, git commit and the rest of its origin, and the gate's verdict.
        aliases: those that it holds.
    """

    model: str
    version: int
    run_id: str
    created_at: datetime
    tags: dict[str, str]
    aliases: tuple[str, ...]


class Versions:
    """The registered versions of all models, to be read; nothing is reached before the first question.

    Every method raises TrackingError when MLflow does not answer, naming its address and the remedy.

    Parameters:
        tracking_uri: MLflow's address, for example `sqlite:////srv/mlflow.db` or `http://127.0.0.1:5000`.
        lake: where moves of aliases are recorded.
        artifacts: folder or URL for the artifacts of new experiments; by default MLflow's own choice.
        registry_uri: address of the registry, where it is not with the runs.
    """

    def __init__(self, tracking_uri: str, lake: Lake, *, artifacts: str | None = None, registry_uri: str | None = None) -> None:
        self.tracking_uri = tracking_uri
        self.lake = lake
        self.artifacts = artifacts
        self.registry_uri = registry_uri

    @property
    def client(self) -> "MlflowClient":
        """MLflow's own client, for what is not here."""
        return connect(self.tracking_uri, self.registry_uri)

    def experiment(self, model: str) -> str:
        """Return the id of a model's experiment, made when it is first asked for.

        Parameters:
            model: the model's name, also the experiment's.

        Raises:
            TrackingError: if the experiment was deleted.
        """
        client = self.client
        with reaching(self.tracking_uri):
            found = client.get_experiment_by_name(model)
            if found is None:
                location = f"{self.artifacts.rstrip('/')}/{model}" if self.artifacts else None
                with tolerating(*PRESENT):
                    client.create_experiment(model, artifact_location=location)
                found = client.get_experiment_by_name(model)
        if found.lifecycle_stage != "active":
            message = (
                f"The experiment {model!r} in {self._shown} was deleted; "
                f"bring it back with `mlflow experiments restore --experiment-id {found.experiment_id}`."
            )
            raise TrackingError(message)
        return str(found.experiment_id)

    def champion(self, model: str) -> ModelVersion | None:
        """Return the version that serves, or None before the first.

        Parameters:
            model: the model's name.
        """
        return self._by_alias(model, CHAMPION)

    def challenger(self, model: str) -> ModelVersion | None:
        """Return the newest candidate that has not become champion, or None.

        Parameters:
            model: the model's name.
        """
        return self._by_alias(model, CHALLENGER)

    def version(self, model: str, number: int) -> ModelVersion:
        """Return one version.

        Parameters:
            model: the model's name.
            number: of the version.

        Raises:
            TrackingError: if there is none of this number.
        """
        client = self.client
        with reaching(self.tracking_uri), tolerating(*ABSENT):
            return _entity(client.get_model_version(model, str(number)))
        known = self._numbers(model)
        deleted = " any more: it was deleted" if known and 0 < number < known[-1] else ""
        nearby = f" The nearest is {min(known, key=lambda each: abs(each - number))}." if known else ""
        message = f"Model {model} has no version {number} in {self._shown}{deleted}; there are: {_listed(known)}.{nearby}"
        raise TrackingError(message)

    def numbered(self, model: str, text: str) -> int:
        """Return the number of a version as a person writes it, `3` or `v3`.

        Parameters:
            model: the model's name.
            text: as it was given.

        Raises:
            TrackingError: if it is no number, with the versions that there are.
        """
        digits = text.removeprefix("v")
        if digits.isdecimal() and int(digits):
            return int(digits)
        message = f"{text!r} is no version of model {model}; there are: {_listed(self._numbers(model))}."
        raise TrackingError(message)

    def versions(self, model: str) -> list[ModelVersion]:
        """Return all versions, newest first.

        Parameters:
            model: the model's name.
        """
        return self._newest(model, _MOST_VERSIONS)

    def _numbers(self, model: str) -> list[int]:
        return sorted(each.version for each in self.versions(model))

    def latest(self, model: str) -> ModelVersion:
        """Return the version that was registered last.

        Parameters:
            model: the model's name.

        Raises:
            TrackingError: if there is none yet.
        """
        for found in self._newest(model, 1):
            return found
        message = f"Model {model} has no version in {self._shown} yet; materialise {model}/candidate."
        raise TrackingError(message)

    def load(self, model: str, version: int) -> Predictor:
        """Return a version ready to predict; loaded once a process, for a version never changes.

        Parameters:
            model: the model's name.
            version: its number.

        Raises:
            TrackingError: if there is no such version.
            TrainingError: if it cannot be loaded here.
        """
        return _loaded_once(self.tracking_uri, self.registry_uri, model, version)

    def aliases(self, model: str) -> dict[str, int]:
        """Return the version that holds each alias; none of a model that is not registered yet.

        Parameters:
            model: the model's name.
        """
        client = self.client
        with reaching(self.tracking_uri), tolerating(*ABSENT):
            return {alias: int(version) for alias, version in sorted(client.get_registered_model(model).aliases.items())}
        return {}

    @property
    def _shown(self) -> str:
        return f"MLflow at {without_password(self.tracking_uri)}"

    def _by_alias(self, model: str, alias: str) -> ModelVersion | None:
        client = self.client
        with reaching(self.tracking_uri), tolerating(*ABSENT):
            return _entity(client.get_model_version_by_alias(model, alias))
        return None

    def _newest(self, model: str, count: int) -> list[ModelVersion]:
        client = self.client
        with reaching(self.tracking_uri):
            found = client.search_model_versions(f"name='{model}'", max_results=count, order_by=["version_number DESC"])
        # A search leaves the aliases out.
        held = self.aliases(model) if found else {}
        names = {number: tuple(alias for alias, version in held.items() if version == number) for number in held.values()}
        return [replace(version, aliases=names.get(version.version, ())) for version in map(_entity, found)]


def _entity(found: Any) -> ModelVersion:  # noqa: ANN401 - MLflow's entity, whose type is imported with MLflow
    created = datetime.fromtimestamp(found.creation_timestamp / 1000, tz=UTC)
    return ModelVersion(found.name, int(found.version), found.run_id or "", created, dict(found.tags or {}), tuple(found.aliases or ()))


def _listed(numbers: Sequence[int]) -> str:
    return ", ".join(map(str, reversed(numbers))) or "none yet"
