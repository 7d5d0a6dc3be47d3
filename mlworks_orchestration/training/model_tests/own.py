"""A test that a project wrote itself."""

from mlworks_orchestration.errors import TrainingError
from mlworks_orchestration.spec import OwnTest, load_object
from mlworks_orchestration.training.model_tests.record import Finding
from mlworks_orchestration.training.model_tests.subject import Subject


def own(subject: Subject, test: OwnTest) -> Finding:
    """Call the project's function with the version and its declared arguments.

    Parameters:
        subject: the version.
        test: its declaration.

    Raises:
        TrainingError: if what it returns is no `Finding`.
        DeclarationError: if there is no such function.
    """
    found = load_object(test.kind, field=f"Model {subject.model.name}: model_tests: kind")(subject, **test.arguments)
    if not isinstance(found, Finding):
        message = f"{test.kind} returned a {type(found).__name__}; return a Finding, as in Finding('passed', 'No prediction is negative.')."
        raise TrainingError(message)
    return found
