"""The stored model is no larger than a budget."""

from mlworks_orchestration.numerals import readable
from mlworks_orchestration.spec import Size
from mlworks_orchestration.training.model_tests.record import Finding, Kind, register
from mlworks_orchestration.training.model_tests.subject import Subject

_BYTES_PER_MB = 1_000_000


def size(subject: Subject, test: Size) -> Finding:
    """Add up the bytes of the version's stored files.

    Parameters:
        subject: the version.
        test: its declaration.
    """
    files = [path for path in subject.folder.rglob("*") if path.is_file()]
    megabytes = sum(path.stat().st_size for path in files) / _BYTES_PER_MB
    words = f"Its {len(files)} files have {readable(megabytes)} MB; at most {readable(test.at_most_mb, 6)} MB is asked for."
    return Finding("passed" if megabytes <= test.at_most_mb else "failed", words, megabytes, limit=test.at_most_mb, metric="megabytes")


SIZE = register(Kind("size", "The stored model is no larger than a budget.", size))
