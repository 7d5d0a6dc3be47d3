"""`mlworks lineage`."""

from collections.abc import Callable
from typing import Any

import click
from rich.console import Console
from rich.text import Text
from rich.tree import Tree

from mlworks_orchestration.data import Lake
from mlworks_orchestration.project import Project
from mlworks_orchestration.views.lineage import (
    MISSING,
    REVERSED,
    Lineage,
    Node,
    Stores,
    built_from,
    in_words,
    lineage_of_alarm,
    lineage_of_champion,
    lineage_of_metric,
    lineage_of_score,
    lineage_of_version,
)

_MOST_ALIKE = 4
# The tables that something read come after the version that made it, which people ask for first.
_READ = "read"
_QUESTIONS = ("metric", "score", "alarm", "version")


@click.command()
@click.argument("model", required=False)
@click.option("--metric", metavar="M", help="Walk from a realised metric of a partition, for example mae.")
@click.option("--score", metavar="ENTITY", help="Walk from the prediction for an entity; several columns' values parted by commas.")
@click.option("--alarm", metavar="KIND", help="Walk from a kind's finding in the drift report of a partition.")
@click.option("--version", metavar="N", help="Walk from a version of the model; without any question, from its champion.")
@click.option("--partition", metavar="P", help="Key of the partition; the newest by default.")
@click.option("--data", metavar="TABLE[@VERSION]", help="Instead of MODEL: list what was built from a table of the lake at a version, or its newest.")
@click.option("--json", "as_json", is_flag=True, help="Print JSON: root, nodes and edges; an edge leads from what was made to what it was made of.")
def lineage(model: str | None, data: str | None, *, as_json: bool, **asked: Any) -> None:  # noqa: ANN401 - the questions are numbers and texts
    """Walk from a number of MODEL to the version, code, data, checks and decisions behind it, or from data to what was built from it.

    \b
    Examples:
      mlworks lineage airline_delay
      mlworks lineage airline_delay --metric mae --partition 2013-07-14
      mlworks lineage airline_delay --score UA-443-JFK-20131231T0830
      mlworks lineage airline_delay --alarm concept --partition 2013-10-04 --json
      mlworks lineage --data features/flights@12
    """  # noqa: D301 - click takes the mark for lines that are to stay as they are
    given = [name for name in _QUESTIONS if asked[name] is not None]
    if (model is None) == (data is None) or len(given) > 1 or (data and (given or asked["partition"])):
        message = "Ask one question: MODEL with at most one of --metric, --score, --alarm and --version, or --data TABLE@VERSION alone."
        raise click.UsageError(message)
    if asked["partition"] and given not in (["metric"], ["score"], ["alarm"]):
        message = "--partition goes with --metric, --score or --alarm."
        raise click.UsageError(message)
    project = Project.find()
    found = _built(project, data) if data else _made(project, str(model), given, asked)
    if as_json:
        click.echo(found.to_json())
    else:
        console = Console()
        console.print(_tree(found, reverse=data is not None))
        if data and not any(node.kind == "model_version" for node in found.nodes):
            console.print("No version of a model was trained on it.")


def _stores(project: Project) -> Stores:
    from mlworks_orchestration.training import Registry  # noqa: PLC0415 - what only asks for help need not pay for it

    environment = project.environment
    lake = Lake(environment.lake, storage_options=environment.storage_options)
    return Stores(lake, project.catalog, Registry(environment.tracking_uri, lake))


def _built(project: Project, data: str) -> Lineage:
    table, _, version = data.partition("@")
    if version and not version.isdecimal():
        message = f"--data {data!r}: the version after @ is a number, as in features/flights@12."
        raise click.UsageError(message)
    return built_from(_stores(project), table, int(version) if version else None)


def _made(project: Project, model: str, given: list[str], asked: dict[str, Any]) -> Lineage:
    declared, stores, partition = project.model(model), _stores(project), asked["partition"]
    walks: dict[str, Callable[[], Lineage]] = {
        "metric": lambda: lineage_of_metric(stores, declared, asked["metric"], partition),
        "score": lambda: lineage_of_score(stores, declared, asked["score"], partition),
        "alarm": lambda: lineage_of_alarm(stores, declared, asked["alarm"], partition),
        "version": lambda: lineage_of_version(stores, declared, stores.registry.numbered(model, asked["version"])),
    }
    return walks[given[0]]() if given else lineage_of_champion(stores, declared)


def _tree(found: Lineage, *, reverse: bool) -> Tree:
    tree = Tree(_line("", found.node(found.root)))
    nexts: dict[str, list[tuple[str, str]]] = {}
    for edge in found.edges:
        if reverse:
            nexts.setdefault(edge.target, []).append((REVERSED[edge.relation], edge.source))
        else:
            nexts.setdefault(edge.source, []).append((edge.relation, edge.target))
    _grow(tree, found.root, {node.id: node for node in found.nodes}, nexts, {found.root})
    return tree


def _grow(tree: Tree, here: str, nodes: dict[str, Node], nexts: dict[str, list[tuple[str, str]]], seen: set[str]) -> None:
    """Add what a node leads to; things that are many and alike share a line, and what was shown already is only named."""
    alike: dict[tuple[str, str, Any], list[Node]] = {}
    for relation, there in nexts.get(here, []):
        alike.setdefault((relation, nodes[there].kind, nodes[there].facts.get("table")), []).append(nodes[there])
    for (relation, kind, table), group in sorted(alike.items(), key=lambda item: item[0][0] == _READ):
        if len(group) > _MOST_ALIKE or kind == "feature":
            tree.add(_together(relation, kind, table, group))
            seen |= {node.id for node in group}
            continue
        for node in group:
            if node.id in seen:
                tree.add(Text.assemble((f"{relation} ", "dim"), node.name, (" (above)", "dim")))
                continue
            seen.add(node.id)
            _grow(tree.add(_line(relation, node)), node.id, nodes, nexts, seen)


def _line(relation: str, node: Node) -> Text:
    style = "yellow" if MISSING in node.facts else "bold"
    words = in_words(node)
    return Text.assemble((f"{relation} " if relation else "", "dim"), (node.name, style), f": {words}" if words else "")


def _together(relation: str, kind: str, table: str | None, group: list[Node]) -> Text:
    if kind == "feature":
        return Text.assemble((f"{relation} ", "dim"), (", ".join(node.name for node in group), "bold"), f" of {table}" if table else "")
    names = f"{group[0].name} … {group[-1].name}"
    return Text.assemble((f"{relation} ", "dim"), (f"{len(group)} x {kind.replace('_', ' ')}", "bold"), f": {names}")
