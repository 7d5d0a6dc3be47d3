"""The page that people read about drift: plain data in, one self-contained HTML file out.

What reads the lake is loaded when it is first used, so that a comparison of two files pays for neither Delta Lake nor MLflow.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

from mlworks_orchestration.monitoring.page.analysis import analysis_content, next_steps
from mlworks_orchestration.monitoring.page.charts import REFERENCE, as_svg
from mlworks_orchestration.monitoring.page.content import Cause, ColumnEntry, Details, KindEntry, PageContent, Point, Series, StatisticEntry
from mlworks_orchestration.monitoring.page.render import drift_page, write_page

if TYPE_CHECKING:
    from mlworks_orchestration.monitoring.page.model_causes import causes_note, ranked_causes
    from mlworks_orchestration.monitoring.page.model_report import page_path, refresh_page, report_content
    from mlworks_orchestration.monitoring.page.stored import StoredReport, read_report, with_profiles

_HOMES = {
    "StoredReport": "stored",
    "causes_note": "model_causes",
    "page_path": "model_report",
    "ranked_causes": "model_causes",
    "read_report": "stored",
    "refresh_page": "model_report",
    "report_content": "model_report",
    "with_profiles": "stored",
}

__all__ = [
    "REFERENCE",
    "Cause",
    "ColumnEntry",
    "Details",
    "KindEntry",
    "PageContent",
    "Point",
    "Series",
    "StatisticEntry",
    "StoredReport",
    "analysis_content",
    "as_svg",
    "causes_note",
    "drift_page",
    "next_steps",
    "page_path",
    "ranked_causes",
    "read_report",
    "refresh_page",
    "report_content",
    "with_profiles",
    "write_page",
]


def __getattr__(name: str) -> Any:  # noqa: ANN401 - a module's names have any type
    """Load a public name when it is first used."""
    if name not in _HOMES:
        message = f"module {__name__!r} has no attribute {name!r}"
        raise AttributeError(message)
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
