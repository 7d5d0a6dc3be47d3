"""The page that people read about drift: plain data in, one self-contained HTML file out."""

from mlworks_orchestration.monitoring.page.analysis import analysis_content, next_steps
from mlworks_orchestration.monitoring.page.content import Cause, ColumnEntry, PageContent, Point, Series, StatisticEntry
from mlworks_orchestration.monitoring.page.render import drift_page

__all__ = ["Cause", "ColumnEntry", "PageContent", "Point", "Series", "StatisticEntry", "analysis_content", "drift_page", "next_steps"]
