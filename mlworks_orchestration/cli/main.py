"""The command line's root: its verbs, and one way to report an error."""

import sys
from importlib import import_module
from typing import NoReturn

import click

from mlworks_orchestration.errors import MLWorksError, nearest

VERBS = {
    "approve": "Approve a version that waits for it.",
    "backtest": "Show what retraining policies would have done for a model on its past.",
    "calibrate": "Measure how often a model's drift alarms are wrong, and which shifts they find.",
    "check": "Say of a model whether it keeps all rules, in a throw-away place.",
    "ci": "Build assets on the committed slice in a throw-away place and run every check.",
    "demo": "Fetch the data, replay the models and show what came of it.",
    "doctor": "Say what is missing on this machine and how to get it.",
    "drift": "Compare two sets of rows, column by column.",
    "events": "Tell what happened to a model: retrainings, verdicts, approvals, rollbacks.",
    "features": "Look up features: what they are, who owns and uses them, how fresh and how distributed they are.",
    "init": "Make a whole new project.",
    "lineage": "Walk from any number to what made it, or from data to what was built from it.",
    "new": "Write a model or a feature table from a data file.",
    "publish": "Publish the latest row of each entity of a feature table to the online store.",
    "reject": "Reject a version that waits for approval.",
    "replay": "Move the clock through a model's history, with production's jobs and sensors.",
    "report": "Show a model's drift report: what drifted, the causes and what to do.",
    "reproduce": "Fit a registered version again and say whether it comes out the same, and if not, why.",
    "retrain": "Train a model now, because a person says so.",
    "rollback": "Let an earlier version serve again.",
    "served-at": "Say which version served at a time, and why.",
    "retain": "Merge small files of the lake, and delete those that no model needs.",
    "status": "Show how each model is doing and what to do next.",
}


class Verbs(click.Group):
    """A group that imports a verb's module only when it is asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the verbs."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a verb's command."""
        if cmd_name not in VERBS:
            ctx.fail(f"There is no verb {cmd_name!r}; {nearest(cmd_name, VERBS, '`mlworks --help`')}.")
        name = cmd_name.replace("-", "_")
        command: click.Command = getattr(import_module(f"mlworks_orchestration.cli.{name}"), name)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the verbs' summaries without importing them."""
        del ctx
        with formatter.section("Verbs"):
            formatter.write_dl(list(VERBS.items()))


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--debug", is_flag=True, help="Show the traceback of an error.")
@click.version_option(package_name="mlworks-orchestration")
@click.pass_context
def cli(ctx: click.Context, *, debug: bool) -> None:
    """Continuous integration, training and monitoring of machine-learning models.

    \b
    Examples:
      mlworks doctor
      mlworks demo
      mlworks status --json
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    ctx.obj = debug


def main() -> None:
    """Run the command line; whatever goes wrong is one paragraph on standard error and exit code 1, with `--debug` a traceback."""
    try:
        cli.main(standalone_mode=True)
    except MLWorksError as error:
        if "--debug" in sys.argv:
            raise
        _fail(f"{error}")
    except Exception as error:
        if "--debug" in sys.argv:
            raise
        _fail(
            f"{type(error).__name__}: {' '.join(f'{error}'.split()).rstrip('.')}. Nobody expected this; `mlworks --debug …` shows where it came from."
        )


def _fail(said: str) -> NoReturn:
    click.echo(f"mlworks: {said}", err=True)
    sys.exit(1)
