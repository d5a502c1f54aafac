"""Read what a partner sent. This runs where it can do no harm and can be stopped (the gatekeeper).

Nothing is fetched, no entity of XML is expanded, and whatever is read is bounded.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

import pyoxigraph as ox

from klustergraf.contributions.positions import turtle_positions
from klustergraf.contributions.xml_files import declared_encoding, declares_entities
from klustergraf.errors import GraphParseError
from klustergraf.shacl import Result

MEDIA_TYPES: Final[Mapping[str, ox.RdfFormat]] = {
    "text/turtle": ox.RdfFormat.TURTLE,
    "application/n-triples": ox.RdfFormat.N_TRIPLES,
    "application/ld+json": ox.RdfFormat.JSON_LD,
    "application/rdf+xml": ox.RdfFormat.RDF_XML,
    "application/trig": ox.RdfFormat.TRIG,
}
"""What may be sent as RDF."""

MOST_STATEMENTS: Final = 50_000
LONGEST_LITERAL: Final = 10_000
LONGEST_IRI: Final = 2_000

_POSITION: Final = re.compile(
    r"^Parser error (?:at|between) line \d+.*?(?:columns? \d+(?: and (?:line \d+ column )?\d+)?): "
)

Place = Mapping[str, int]
"""Where something stands: ``{"line"}`` in a text, ``{"row", "column"}`` in a table; from 1."""

ShownRows = tuple[tuple[int, tuple[str, ...]], ...]
"""Rows of a table for a person to look at: the number of each, and its cells, shortened."""


@dataclass(frozen=True)
class Reading:
    """The triples of what was sent, and where each stands, by subject and predicate IRI.

    A place under the predicate "" is that of the subject; ``value_places`` are by value too.
    ``problems``: what is wrong with what was sent, before anything is asked of its statements;
    ``rows``: the first rows of a table, its header first.
    """

    triples: tuple[ox.Triple, ...]
    places: Mapping[tuple[str, str], Place] = field(default_factory=dict)
    value_places: Mapping[tuple[str, str, str], Place] = field(default_factory=dict)
    problems: tuple[Result, ...] = ()
    rows: ShownRows = ()

    def place(self, subject: str, predicate: str, value: str = "") -> Place | None:
        """Tell where a statement stands, else where its subject does."""
        return (
            self.value_places.get((subject, predicate, value))
            or self.places.get((subject, predicate))
            or self.places.get((subject, ""))
        )


def read(content: bytes, media_type: str, graph_iri: str) -> Reading:
    """Read RDF.

    Errors: GraphParseError, with line and column where the parser tells them.
    """
    name = "The contribution"
    rdf_format = MEDIA_TYPES[media_type]
    text = _text(content, name)
    if rdf_format == ox.RdfFormat.RDF_XML:
        _require_plain_xml(text, name)
    triples: dict[ox.Triple, None] = {}
    try:
        for quad in ox.parse(text.encode(), format=rdf_format):
            _check(quad, graph_iri, name)
            triples[quad.triple] = None
            if len(triples) > MOST_STATEMENTS:
                reason = f"has more than the {MOST_STATEMENTS} statements that one may. Use two."
                raise GraphParseError(name, reason)
    except SyntaxError as exc:
        said = exc.msg or "cannot be parsed"
        if "LoadDocumentCallback" in said:
            reason = "names a remote @context. It is never fetched: write the context in the file."
        else:
            reason = _POSITION.sub("", said)
        raise GraphParseError(name, reason, exc.lineno, exc.offset) from exc
    except (ValueError, OSError, RecursionError) as exc:
        raise GraphParseError(name, str(exc)) from exc
    places: Mapping[tuple[str, str], Place] = {}
    if rdf_format in (ox.RdfFormat.TURTLE, ox.RdfFormat.N_TRIPLES, ox.RdfFormat.TRIG):
        places = {key: {"line": line} for key, line in turtle_positions(text).items()}
    return Reading(tuple(triples), places)


def _text(content: bytes, name: str) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as exc:
        before = content[: exc.start]
        column = len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1
        reason = f"is not UTF-8 (byte 0x{content[exc.start]:02x}). Save it as UTF-8."
        raise GraphParseError(name, reason, before.count(b"\n") + 1, column) from exc


def _require_plain_xml(text: str, name: str) -> None:
    encoding = declared_encoding(text)
    if encoding not in ("", "utf-8", "utf8", "us-ascii"):
        raise GraphParseError(name, f"is in {encoding}. Save it as UTF-8.", 1)
    found = declares_entities(text)
    if found is not None:
        line = text.count("\n", 0, found) + 1
        reason = "declares a document type or entities, which are not expanded. Write IRIs in full."
        raise GraphParseError(name, reason, line)


def _check(quad: ox.Quad, graph_iri: str, name: str) -> None:
    """Refuse what no contribution may hold, whatever it is about."""
    for term in _terms(quad):
        if isinstance(term, ox.BlankNode):
            raise GraphParseError(
                name,
                "has a blank node, which nobody can cite. Give the thing an IRI of its own "
                f"({_short(quad)}).",
            )
        if isinstance(term, ox.Triple) or (
            isinstance(term, ox.Literal) and term.direction is not None
        ):
            raise GraphParseError(name, f"uses RDF 1.2 ({_short(quad)}). State it without.")
        longest = LONGEST_LITERAL if isinstance(term, ox.Literal) else LONGEST_IRI
        if len(term.value) > longest:
            kind = "a text" if isinstance(term, ox.Literal) else "an IRI"
            raise GraphParseError(
                name,
                f"has {kind} of {len(term.value)} characters; {longest} may be ({_short(quad)}).",
            )
    graph = quad.graph_name
    if not isinstance(graph, ox.DefaultGraph) and str(graph) != f"<{graph_iri}>":
        reason = f"has statements in the graph {graph}. Here only <{graph_iri}> is written to."
        raise GraphParseError(name, reason)


def _terms(quad: ox.Quad) -> Iterator[ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple]:
    yield quad.subject
    yield quad.predicate
    yield quad.object


def _short(quad: ox.Quad) -> str:
    return f"{str(quad.subject)[:80]} {str(quad.predicate)[:80]}"
