"""A stored model asked in a process that knows nothing else: run as a program by `loads_cleanly`, so it imports nothing of ours.

`python -P answering.py FOLDER` prints a line of JSON: `answers`, those of the model to its own input example, or the `error` that keeps it
from answering.
"""

import json
import re
import sys
import warnings
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

_REQUIREMENT = re.compile(r"\s*([A-Za-z0-9._-]+)(?:\[[^\]]*\])?\s*==\s*([^\s;#]+)")


def one_a_row(answers: Any) -> Any:  # noqa: ANN401 - what a served model gives: an array, a series, a frame
    """Return a number a row: of two probabilities a row, that of 1.

    Parameters:
        answers: of the served model.
    """
    import numpy as np  # noqa: PLC0415 - heavy

    values = np.asarray(answers, dtype=np.float64)
    return values[:, -1] if values.ndim > 1 else values


def differences(requirements: str) -> list[str]:
    r"""Return what is installed otherwise than it was logged, in words.

    Parameters:
        requirements: the logged file's text; lines that pin no version are passed over.

    Examples:
        >>> differences("numpy==0.1  # the oldest\nno-such-package==1.0\n")[1]
        'no-such-package 1.0 was logged and is not installed'
    """
    found = []
    for name, logged in (match.groups() for line in requirements.splitlines() if (match := _REQUIREMENT.match(line))):
        try:
            installed = version(name)
        except PackageNotFoundError:
            found.append(f"{name} {logged} was logged and is not installed")
            continue
        if installed != logged:
            found.append(f"{name} {logged} was logged and {installed} is installed")
    return found


def answer(folder: Path) -> dict[str, Any]:
    """Load a stored model and let it answer its own example, if what is installed is what was logged; what keeps it from that is in `error`.

    Parameters:
        folder: of its files.
    """
    if apart := differences((folder / "requirements.txt").read_text(encoding="utf-8")):
        return {"error": f"what is installed is not what was logged: {'; '.join(apart)}. Install the versions of its requirements.txt"}
    try:
        from mlflow.pyfunc import load_model  # noqa: PLC0415 - heavy

        model = load_model(str(folder))
        return {"answers": one_a_row(model.predict(model.input_example)).tolist()}
    except Exception as error:  # noqa: BLE001 - whatever it is, whoever asked is told
        return {"error": f"{type(error).__name__}: {error}"}


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    sys.stdout.write(json.dumps(answer(Path(sys.argv[1]))) + "\n")
