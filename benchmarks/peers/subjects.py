"""What the benchmark measures: reading alone, ours, and the peers."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Subject:
    """One line of the table.

    Parameters:
        name: What the command line and the JSON call it.
        title: What the table calls it.
        module: The module of this package that does it.
        task: The module's first argument.
        files: Which of the two files it gets.
        most_rows: More rows than these are not tried.
        repeats: Whether one round says too little: of what is quick, or held to a goal that is hardly met.
        several: Whether it is several processes, whose memory is measured in a run of its own.
    """

    name: str
    title: str
    module: str
    task: str = "speed"
    files: tuple[str, ...] = ("reference", "current")
    most_rows: int = 1_000_000
    repeats: bool = False
    several: bool = False


_BIG = 10_000_000
_EVERY = (
    Subject("polars", "reading both files: polars, lazy sum of every column", "reading", "polars", most_rows=_BIG, repeats=True),
    Subject("polars_current", "reading the current file: the same", "reading", "polars", ("current",), most_rows=_BIG, repeats=True),
    Subject("pyarrow", "reading both files: pyarrow, a row group at a time", "reading", "pyarrow", most_rows=_BIG, repeats=True),
    Subject("counting", "the least: decoding both files, counting each value once, one thread", "reading", "counting", most_rows=_BIG, repeats=True),
    Subject("ours", "**mlworks drift, the whole default report**", "ours", most_rows=_BIG, repeats=True, several=True),
    Subject("ours_pair", "**… while another process makes one, too**", "ours", "pair", repeats=True),
    Subject("ours_cached", "**… with the reference's profile stored**", "ours", "cached", most_rows=_BIG, repeats=True),
    Subject("ours_merge", "**… of 365 stored daily profiles**", "ours", "merge", repeats=True),
    Subject("evidently", "Evidently, DataDriftPreset", "evidently"),
    Subject("whylogs", "whylogs, profiles and drift scores", "whylogs"),
    Subject("nannyml", "NannyML, KS + JS + chi² + Wasserstein", "nannyml", repeats=True),
    Subject("scipy_loop", "scipy loop, KS + Wasserstein + PSI + chi²", "scipy_loop"),
    Subject("tfdv", "TensorFlow Data Validation", "tfdv"),
    Subject("alibi_detect", "alibi-detect, TabularDrift", "alibi_detect"),
)
SUBJECTS = {subject.name: subject for subject in _EVERY}
