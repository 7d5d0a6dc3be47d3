"""What is known of a model's alarms: how often they are false, and which shifts they find, and when; measured on the model's own data."""

from mlworks_orchestration.monitoring.error_rates.measure import measure_error_rates
from mlworks_orchestration.monitoring.error_rates.page import error_rates_page
from mlworks_orchestration.monitoring.error_rates.records import Counted, ErrorRates, FalseAlarms, Power
from mlworks_orchestration.monitoring.error_rates.store import read_error_rates, record_error_rates
from mlworks_orchestration.monitoring.error_rates.tables import power_tables
from mlworks_orchestration.monitoring.error_rates.words import error_rates_words, kind_words, rate_words, remarks

__all__ = [
    "Counted",
    "ErrorRates",
    "FalseAlarms",
    "Power",
    "error_rates_page",
    "error_rates_words",
    "kind_words",
    "measure_error_rates",
    "power_tables",
    "rate_words",
    "read_error_rates",
    "record_error_rates",
    "remarks",
]
