"""A test by a function of the project."""

from pydantic import Field, model_validator

from mlworks_orchestration.spec.base import ImportPath, Name
from mlworks_orchestration.spec.model_tests.base import AnyModelTest, Value


class OwnTest(AnyModelTest):
    """A function of the project's own finds nothing wrong."""

    kind: ImportPath
    """Where the function lives, as package.module:function."""

    arguments: dict[Name, Value] = Field(default_factory=dict)
    """What the function is called with, beside the model."""

    @model_validator(mode="after")
    def _can_be_named(self) -> "OwnTest":
        if not self.title.isascii():
            message = f"{self.title!r} cannot be the name of a check; give the test one: name: …"
            raise ValueError(message)
        return self
