"""TensorFlow Data Validation: statistics of both sides, and its drift comparators between them.

It has no default threshold; its tutorial's kind is used, 0.1 for Jensen-Shannon divergence (numbers) and for the L-infinity distance (categories).
"""

from typing import Any

import tensorflow_data_validation as tfdv

from peers.measure import Verdict, main

THRESHOLD = 0.1


def compare(reference: Any, current: Any) -> Verdict:  # noqa: ANN401 - pandas frames
    """Infer a schema of the reference, give every column a drift comparator and count the columns beyond its threshold."""
    before, after = (tfdv.generate_statistics_from_dataframe(frame) for frame in (reference, current))
    schema = tfdv.infer_schema(before)
    for feature in schema.feature:
        if feature.type == BYTES:
            feature.drift_comparator.infinity_norm.threshold = THRESHOLD
        else:
            feature.drift_comparator.jensen_shannon_divergence.threshold = THRESHOLD
    found = tfdv.validate_statistics(after, schema, previous_statistics=before).drift_skew_info
    drifted = sum(any(measured.value > measured.threshold for measured in column.drift_measurements) for column in found)
    return Verdict(drifted, {"any_column": drifted > 0})


BYTES = 1
"""`schema_pb2.FeatureType.BYTES`"""


if __name__ == "__main__":
    main("tensorflow-data-validation", compare)
