"""Continuous training: snapshots, fitting and tracking, the registry, and the gate between challenger and champion."""

from mlworks_orchestration.training.aliases import holder, in_force, moves
from mlworks_orchestration.training.approvals import Standing, approvals, check_signed, standing
from mlworks_orchestration.training.approving import give_word, stand_in
from mlworks_orchestration.training.blocks import Gain, gain_by_blocks
from mlworks_orchestration.training.cross_fit import cross_predict
from mlworks_orchestration.training.environment import prepare_environment
from mlworks_orchestration.training.estimator import build_estimator, fit_estimator
from mlworks_orchestration.training.fingerprint import fingerprint
from mlworks_orchestration.training.fit import Candidate, baseline, fit_candidate
from mlworks_orchestration.training.gate import Bout, compare, deliver, run_gate
from mlworks_orchestration.training.judge import Comparison, judge, judge_by_days
from mlworks_orchestration.training.matrix import design_matrix
from mlworks_orchestration.training.measure import Measure
from mlworks_orchestration.training.metrics import evaluate
from mlworks_orchestration.training.model_tests import (
    Finding,
    Kind,
    Part,
    Result,
    Stores,
    Subject,
    held_back,
    obstacle_of,
    register,
    registered,
    required_tests,
    results,
    run_test,
    run_tests,
    store_results,
    stored_results,
)
from mlworks_orchestration.training.predictor import Predictor
from mlworks_orchestration.training.provenance import source_hash
from mlworks_orchestration.training.registry import Registry
from mlworks_orchestration.training.reproduce import reproduce
from mlworks_orchestration.training.reproduction import Reproduction
from mlworks_orchestration.training.retention import needed_versions, retain
from mlworks_orchestration.training.rollback import roll_back, roll_back_from
from mlworks_orchestration.training.scale import SCALE, naive_scale, scale_of
from mlworks_orchestration.training.served import Term, served_at
from mlworks_orchestration.training.snapshot import (
    FEWEST_HOLDOUT_ROWS,
    FEWEST_TRAINING_ROWS,
    LABEL,
    Snapshot,
    find_snapshot,
    latest_snapshot,
    load_snapshot,
    take_snapshot,
)
from mlworks_orchestration.training.software import Measured, measure
from mlworks_orchestration.training.takeover import Mandate, approvals_version, approved, complete, judged_for_people, notice
from mlworks_orchestration.training.verdict import Verdict, find_verdict, verdicts
from mlworks_orchestration.training.versions import ModelVersion

__all__ = [
    "FEWEST_HOLDOUT_ROWS",
    "FEWEST_TRAINING_ROWS",
    "LABEL",
    "SCALE",
    "Bout",
    "Candidate",
    "Comparison",
    "Finding",
    "Gain",
    "Kind",
    "Mandate",
    "Measure",
    "Measured",
    "ModelVersion",
    "Part",
    "Predictor",
    "Registry",
    "Reproduction",
    "Result",
    "Snapshot",
    "Standing",
    "Stores",
    "Subject",
    "Term",
    "Verdict",
    "approvals",
    "approvals_version",
    "approved",
    "baseline",
    "build_estimator",
    "check_signed",
    "compare",
    "complete",
    "cross_predict",
    "deliver",
    "design_matrix",
    "evaluate",
    "find_snapshot",
    "find_verdict",
    "fingerprint",
    "fit_candidate",
    "fit_estimator",
    "gain_by_blocks",
    "give_word",
    "held_back",
    "holder",
    "in_force",
    "judge",
    "judge_by_days",
    "judged_for_people",
    "latest_snapshot",
    "load_snapshot",
    "measure",
    "moves",
    "naive_scale",
    "needed_versions",
    "notice",
    "obstacle_of",
    "prepare_environment",
    "register",
    "registered",
    "reproduce",
    "required_tests",
    "results",
    "retain",
    "roll_back",
    "roll_back_from",
    "run_gate",
    "run_test",
    "run_tests",
    "scale_of",
    "served_at",
    "source_hash",
    "stand_in",
    "standing",
    "store_results",
    "stored_results",
    "take_snapshot",
    "verdicts",
]

prepare_environment()
