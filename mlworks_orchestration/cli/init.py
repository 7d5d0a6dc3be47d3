"""`mlworks init DIR`."""

import json
import shlex
from pathlib import Path

import click


@click.command()
@click.argument("folder", metavar="DIR", type=click.Path(path_type=Path))
@click.option("--json", "as_json", is_flag=True, help="Print JSON: the folder and its files.")
def init(folder: Path, *, as_json: bool) -> None:
    """Make a whole new project in DIR, a new or empty folder.

    It has the same top level as every project and passes its own `make test` with the framework installed.

    \b
    Examples:
      mlworks init shop
      mlworks init ~/models/shop --json
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    from mlworks_orchestration.onboarding import new_project  # noqa: PLC0415 - heavy

    made = new_project(folder)
    if as_json:
        click.echo(json.dumps({"project": str(folder.absolute()), "files": sorted(made)}, indent=2))
        return
    for path in made:
        click.echo(f"wrote {folder / path}")
    click.echo(f"Next: cd {shlex.quote(str(folder))}, then make test, then mlworks new model NAME --data FILE --label COLUMN --time COLUMN.")
