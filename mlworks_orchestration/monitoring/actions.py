"""What a person should do about drift."""

from mlworks_orchestration.spec import DriftKind

ACTIONS = {
    DriftKind.FEATURE: "investigate how the features are generated, and retrain on new data",
    DriftKind.LABEL: "investigate how labels are made, and retrain on new data",
    DriftKind.PREDICTION: "investigate training, and assess the business impact of the changed predictions",
    DriftKind.CONCEPT: "find more features or another approach, and retrain or tune on new data",
}
"""What a person should do about each kind of drift."""
