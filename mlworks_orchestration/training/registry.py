"""How versions come into the registry and take over from each other."""

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING

from mlworks_orchestration import clock
from mlworks_orchestration.training import aliases
from mlworks_orchestration.training.tracking import PRESENT, reaching, tolerating
from mlworks_orchestration.training.versions import CHALLENGER, CHAMPION, PREVIOUS, Versions

if TYPE_CHECKING:
    from mlflow.models.model import ModelInfo


class Registry(Versions):
    """The registered versions of all models, to be read and changed; see `Versions` for its parameters.

    An alias says who is `champion` (serves), `challenger` (newest candidate, until it is promoted) and `previous` (served before).
    """

    def register(self, model: str, logged: "ModelInfo", *, description: str, tags: Mapping[str, str]) -> int:
        """Register what a run logged as the next version, with its tags in the same write, and return its number.

        Parameters:
            model: the model's name.
            logged: what MLflow told of it when it was logged.
            description: of the model, kept when it is registered for the first time.
            tags: of the version.
        """
        client = self.client
        with reaching(self.tracking_uri):
            with tolerating(*PRESENT):
                client.create_registered_model(model, description=description)
            made = client.create_model_version(
                model, logged.model_uri, run_id=logged.run_id, tags=dict(tags), model_id=logged.model_id, await_creation_for=0
            )
        return int(made.version)

    def tag(self, model: str, version: int, tags: Mapping[str, str]) -> None:
        """Set tags of a version.

        Parameters:
            model: the model's name.
            version: its number.
            tags: to set, over older values.
        """
        client = self.client
        with reaching(self.tracking_uri):
            for name, value in tags.items():
                client.set_model_version_tag(model, str(version), name, value)

    def set_challenger(self, model: str, version: int, *, why: str, moved_by: str = "training") -> None:
        """Let a version be the challenger.

        Parameters:
            model: the model's name.
            version: its number.
            why: the reason in words.
            moved_by: who or what moved it.
        """
        client = self.client
        with reaching(self.tracking_uri):
            client.set_registered_model_alias(model, CHALLENGER, str(version))
        aliases.record(self.lake, model, {CHALLENGER: version}, held_from=clock.now(), why=why, moved_by=moved_by)

    def promote(self, model: str, version: int, *, why: str, moved_by: str = "gate", held_from: datetime | None = None) -> None:
        """Let a version be the champion, and the one before it `previous`; also the way back to an earlier version.

        Between any two of the writes there is a champion, and doing the same again completes what is missing, without double rows.

        Parameters:
            model: the model's name.
            version: the number of the version that is to serve.
            why: the reason in words.
            moved_by: who or what moved it.
            held_from: since when it counts as serving; now by default.

        Raises:
            TrackingError: if there is no such version, or if MLflow does not answer.
        """
        self.version(model, version)
        client, moment = self.client, held_from or clock.now()
        held = self._held(model)
        if held[CHAMPION] != version:
            # What moved earlier and was not recorded, by a crash or by hand in MLflow, is recorded before it is gone.
            found = {alias: held[alias] for alias in (CHAMPION, CHALLENGER)}
            aliases.record(self.lake, model, found, held_from=moment, why="found so in MLflow", moved_by="unknown")
        with reaching(self.tracking_uri):
            if held[CHAMPION] not in {None, version}:
                client.set_registered_model_alias(model, PREVIOUS, str(held[CHAMPION]))
            if held[CHAMPION] != version:
                client.set_registered_model_alias(model, CHAMPION, str(version))
            if held[CHALLENGER] == version:
                client.delete_registered_model_alias(model, CHALLENGER)
        aliases.record(self.lake, model, self._held(model), held_from=moment, why=why, moved_by=moved_by)

    def _held(self, model: str) -> dict[str, int | None]:
        held = self.aliases(model)
        return {alias: held.get(alias) for alias in (PREVIOUS, CHAMPION, CHALLENGER)}
