"""What a candidate does on the rows that were held out, as figures and the numbers behind them, by task; logged with its run."""

from mlworks_orchestration.training.figures.logging import log_figures
from mlworks_orchestration.training.figures.numbers import Figures, figures_of

__all__ = ["Figures", "figures_of", "log_figures"]
