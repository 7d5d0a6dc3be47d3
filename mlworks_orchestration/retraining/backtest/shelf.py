"""What a backtest keeps for the next one: files in a folder of its own that nothing else reads."""

from pathlib import Path
from tempfile import NamedTemporaryFile


class Shelf:
    """A folder of files by name, each written in one move.

    Parameters:
        folder: made when the first file is kept.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def find(self, name: str) -> bytes | None:
        """Return what was kept under a name; None if nothing was."""
        path = self.folder / name
        return path.read_bytes() if path.exists() else None

    def keep(self, name: str, content: bytes) -> None:
        """Keep something under a name; who is killed meanwhile leaves no half of it under that name."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with NamedTemporaryFile(dir=self.folder, prefix=".writing-", delete=False) as file:
            file.write(content)
        Path(file.name).replace(self.folder / name)
