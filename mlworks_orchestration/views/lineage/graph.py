"""A lineage as a graph: what was made, and what it was made of."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

MISSING = "missing"
"""The fact that says why something is not known."""


@dataclass(frozen=True)
class Node:
    """One thing of a lineage.

    Parameters:
        id: kind and name, unique in all lineages of a deployment.
        kind: for example `model_version`, `snapshot`, `table`, `source`.
        name: as people call it.
        facts: what is known of it; `missing` says why something is not.
    """

    id: str
    kind: str
    name: str
    facts: Mapping[str, Any]


@dataclass(frozen=True)
class Edge:
    """Something, and one thing that it was made of.

    Parameters:
        source: id of what was made.
        target: id of what it was made of.
        relation: in words that stand between both, for example `scored by`.
    """

    source: str
    target: str
    relation: str


@dataclass(frozen=True)
class Lineage:
    """All that something was made of, or all that was made of it; edges lead from what was made to what it was made of in both.

    Parameters:
        root: id of the node that was asked for.
        nodes: each once, in the order in which they were found.
        edges: each once, likewise.
    """

    root: str
    nodes: tuple[Node, ...]
    edges: tuple[Edge, ...]

    def node(self, identity: str) -> Node:
        """Return the node with an id.

        Raises:
            KeyError: if there is none.
        """
        return {node.id: node for node in self.nodes}[identity]

    def to_dict(self) -> dict[str, Any]:
        """Return root, nodes and edges as plain values, for JSON."""
        return {
            "root": self.root,
            "nodes": [{**asdict(node), "facts": dict(node.facts)} for node in self.nodes],
            "edges": [asdict(edge) for edge in self.edges],
        }

    def to_json(self) -> str:
        """Return it as JSON; moments in ISO 8601."""
        return json.dumps(self.to_dict(), indent=2, default=str, allow_nan=False)


@dataclass
class Drawing:
    """A lineage while it is found."""

    nodes: dict[str, Node] = field(default_factory=dict)
    edges: dict[Edge, None] = field(default_factory=dict)

    def add(self, kind: str, key: str, name: str, /, **facts: object) -> str:
        """Add a node, unless it is there already, and return its id; facts that are None are left out.

        Parameters:
            kind: of the node.
            key: unique within its kind.
            name: as people call it.
            facts: what is known of it.
        """
        identity = f"{kind}:{key}"
        known = {fact: value for fact, value in facts.items() if value is not None}
        self.nodes.setdefault(identity, Node(identity, kind, name, known))
        return identity

    def link(self, source: str, target: str, relation: str) -> None:
        """Say that one node was made of another."""
        self.edges.setdefault(Edge(source, target, relation))

    def absorb(self, other: Lineage) -> None:
        """Add all of another lineage."""
        for node in other.nodes:
            self.nodes.setdefault(node.id, node)
        self.edges |= dict.fromkeys(other.edges)

    def finished(self, root: str) -> Lineage:
        """Return the lineage of a node, with all that was found."""
        return Lineage(root, tuple(self.nodes.values()), tuple(self.edges))

    def leading_to(self, root: str) -> Lineage:
        """Return what was made of a node, directly or by way of others."""
        made: dict[str, list[str]] = {}
        for edge in self.edges:
            made.setdefault(edge.target, []).append(edge.source)
        found, waiting = {root}, [root]
        while waiting:
            new = set(made.get(waiting.pop(), [])) - found
            found |= new
            waiting += new
        nodes = tuple(node for node in self.nodes.values() if node.id in found)
        return Lineage(root, nodes, tuple(edge for edge in self.edges if {edge.source, edge.target} <= found))
