"""Evidence: the passages of source documents, and whether they fit the documents at hand.

A passage is an ``oa:SpecificResource`` of a source document (with the SHA-256 of its text) and an
``oa:TextPositionSelector``: ``start`` inclusive, ``end`` exclusive, in Unicode code points of the
text as received (Web Annotation Data Model, section 4.2.5).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path

from pyoxigraph import NamedNode, Quad, QuerySolutions, Store

from klustergraf.errors import EvidenceError
from klustergraf.namespaces import PREFIXES, shorten

_PASSAGES = """
SELECT ?passage ?document ?title ?digest ?start ?end WHERE {
  ?passage a kg:Passage ; oa:hasSource ?document ; oa:hasSelector ?selector .
  ?selector oa:start ?start ; oa:end ?end .
  OPTIONAL { ?document kg:sha256 ?digest }
  OPTIONAL { ?document skos:prefLabel ?title FILTER (LANG(?title) = "sv") }
}
"""
_READINGS = """
SELECT DISTINCT ?passage ?thing ?class ?label ?about WHERE {
  ?thing prov:wasDerivedFrom ?passage .
  ?passage a kg:Passage .
  OPTIONAL { ?thing a ?class FILTER (STRSTARTS(STR(?class), STR(kg:))) }
  OPTIONAL { ?thing skos:prefLabel ?label FILTER (LANG(?label) = "sv") }
  OPTIONAL {
    ?thing org:member|kg:hasParticipant ?participant .
    ?participant skos:prefLabel ?about FILTER (LANG(?about) = "sv")
  }
}
"""


@dataclass(frozen=True)
class Passage:
    """A passage as the graph states it, and what was read from it (sorted, in words)."""

    iri: str
    document: str
    title: str
    digest: str
    start: int
    end: int
    readings: tuple[str, ...]


@dataclass(frozen=True)
class PassageCheck:
    """A passage held against its document: its text, or why it does not fit."""

    passage: Passage
    text: str = ""
    problem: str = ""


def find_passages(quads: Iterable[Quad]) -> list[Passage]:
    """Find every passage, in the order of documents and positions.

    Errors: EvidenceError for a position that is not a number.
    """
    store = Store()
    # Into the default graph: what two graphs state alike is one triple there.
    store.extend(Quad(quad.subject, quad.predicate, quad.object) for quad in quads)
    readings: dict[str, set[str]] = {}
    for row in _select(store, _READINGS):
        readings.setdefault(row["passage"], set()).add(_reading(row))
    passages = [
        Passage(
            iri=row["passage"],
            document=row["document"],
            title=row.get("title", row["document"]),
            digest=row.get("digest", ""),
            start=_position(row, "start"),
            end=_position(row, "end"),
            readings=tuple(sorted(readings.get(row["passage"], ()))),
        )
        for row in _select(store, _PASSAGES)
    ]
    return sorted(passages, key=lambda p: (p.document, p.start, p.end, p.iri))


def verify_sources(quads: Iterable[Quad], folder: Path) -> list[PassageCheck]:
    """Resolve every passage against the documents in a folder, found by their SHA-256.

    Shape: one check per passage, in the order of documents and positions.
    Errors: EvidenceError when the folder cannot be read.
    """
    if not folder.is_dir():
        raise EvidenceError(str(folder), "is not a folder of documents.")
    contents = [path.read_bytes() for path in sorted(folder.iterdir()) if path.is_file()]
    texts = {sha256(content).hexdigest(): content for content in contents}
    return [_check(passage, texts) for passage in find_passages(quads)]


def _check(passage: Passage, texts: dict[str, bytes]) -> PassageCheck:
    content = texts.get(passage.digest)
    if content is None:
        problem = f"no file in the folder has the SHA-256 {passage.digest or '(none stated)'}"
        return PassageCheck(passage, problem=problem)
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        return PassageCheck(passage, problem="the document is not UTF-8 text")
    if not 0 <= passage.start < passage.end <= len(text):
        problem = (
            f"the range {passage.start}–{passage.end} does not lie within the document's "
            f"{len(text)} characters"
        )
        return PassageCheck(passage, problem=problem)
    return PassageCheck(passage, text=text[passage.start : passage.end])


def _select(store: Store, query: str) -> list[dict[str, str]]:
    solutions = store.query(query, prefixes=PREFIXES)
    if not isinstance(solutions, QuerySolutions):
        raise TypeError("not a SELECT query")
    names = [variable.value for variable in solutions.variables]
    rows = []
    for solution in solutions:
        row = {}
        for name in names:
            term = solution[name]
            if term is not None:
                row[name] = str(getattr(term, "value", term))
        rows.append(row)
    return rows


def _position(row: dict[str, str], name: str) -> int:
    try:
        return int(row[name])
    except ValueError as exc:
        raise EvidenceError(row["passage"], f"its {name} {row[name]!r} is not a number.") from exc


def _reading(row: dict[str, str]) -> str:
    kind = shorten(row["class"]) if "class" in row else ""
    name = row.get("label") or row.get("about") or NamedNode(row["thing"]).value.rsplit("/", 1)[-1]
    return f"{name} ({kind})" if kind else name
