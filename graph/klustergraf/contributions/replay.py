"""The accepted contributions as files of the graph, for a build of the whole."""

from dataclasses import dataclass
from pathlib import Path

from pyoxigraph import NamedNode, Quad

from klustergraf.contributions.addresses import GraphAddress
from klustergraf.contributions.gate import quads_of
from klustergraf.contributions.record import Record
from klustergraf.namespaces import GRAPH
from klustergraf.sources.own import SourceFile


@dataclass(frozen=True)
class ContributedFile(SourceFile):
    """A graph of a partner, as the record keeps it."""

    def lines(self) -> None:
        """Leave it to :meth:`quads`: the file has no suffix, and may have blank nodes."""

    def quads(self) -> list[Quad]:
        """Read the statements; the description of the graph goes into the catalogue graph."""
        address = GraphAddress.of(self.graph.value.removeprefix(GRAPH))
        return quads_of(self.path.read_bytes(), address)


def contributed_files(home: Path) -> list[SourceFile]:
    """List the graphs of partners as they are now, in a fixed order."""
    record = Record(home)
    return [
        ContributedFile(
            path=record.path(entry.statements),
            name=f"contributions/{graph.removeprefix(GRAPH)}",
            graph=NamedNode(graph),
            sha256=entry.statements,
        )
        for graph, entry in sorted(record.state().items())
        if entry.statements is not None
    ]
