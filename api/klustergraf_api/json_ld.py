"""JSON-LD as people read it: CURIEs by a context that stands in the document, a line per thing.

The values of a property are always a list, whatever their number, so that code that reads one
document reads every other.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

import pyoxigraph as ox

from klustergraf.namespaces import RDF, XSD

_TYPE: Final = RDF + "type"
_STRING: Final = XSD + "string"
# After these a context lets a prefix end (JSON-LD 1.1, 4.1.5).
_ENDINGS: Final = ("#", "/", ":", "?", "[", "]", "@")


def write_json_ld(triples: Iterable[ox.Triple], prefixes: Mapping[str, str]) -> bytes:
    """Write triples as compact JSON-LD 1.1, in their order by subject.

    >>> said = ox.Triple(ox.NamedNode("x:a"), ox.NamedNode("http://e.org/p"), ox.Literal("1"))
    >>> print(write_json_ld([said], {"e": "http://e.org/"}).decode())
    {"@context": {"e": "http://e.org/"},
     "@graph": [
      {"@id": "x:a", "e:p": ["1"]}
    ]}
    """
    nodes: dict[str, dict[str, Any]] = {}
    triples = list(triples)
    schemes = {iri.partition(":")[0] for triple in triples for iri in _iris(triple)}
    short = _Short({p: ns for p, ns in prefixes.items() if p not in schemes})
    for triple in triples:
        subject, value = triple.subject, triple.object
        name = short.node(subject)
        node = nodes.setdefault(name, {"@id": name})
        if triple.predicate.value == _TYPE and isinstance(value, ox.NamedNode):
            node.setdefault("@type", []).append(short.term(value.value))
        else:
            node.setdefault(short.term(triple.predicate.value), []).append(short.value(value))
    context = json.dumps(short.used(), ensure_ascii=False)
    lines = ",\n".join(f"  {json.dumps(node, ensure_ascii=False)}" for node in nodes.values())
    return f'{{"@context": {context},\n "@graph": [\n{lines}\n]}}\n'.encode()


def _iris(triple: ox.Triple) -> Iterator[str]:
    """Give every IRI of a triple: where one has a scheme like a prefix, that prefix is not used."""
    for term in (triple.subject, triple.predicate, triple.object):
        if isinstance(term, ox.NamedNode):
            yield term.value
        elif isinstance(term, ox.Literal):
            yield term.datatype.value


class _Short:
    """Shortens what a context may shorten, and remembers by which prefixes."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        fitting = {p: ns for p, ns in prefixes.items() if ns.endswith(_ENDINGS)}
        # The longest namespace that fits comes first.
        self._prefixes = sorted(fitting.items(), key=lambda pair: -len(pair[1]))
        self._known: dict[str, str] = {}
        self._used: dict[str, str] = {}

    def used(self) -> dict[str, str]:
        """Give the context: the prefixes that were used."""
        return dict(sorted(self._used.items()))

    def term(self, iri: str) -> str:
        """Shorten a predicate, a class or a datatype."""
        short = self._known.get(iri)
        if short is None:
            short = self._known[iri] = self._shorten(iri)
        return short

    def _shorten(self, iri: str) -> str:
        for prefix, namespace in self._prefixes:
            local = iri[len(namespace) :]
            # What begins with two slashes would be read as the rest of an IRI.
            if iri.startswith(namespace) and local and not local.startswith("//"):
                self._used[prefix] = namespace
                return f"{prefix}:{local}"
        return iri

    def node(self, node: object) -> str:
        """Write the name of a node: IRIs stand whole."""
        if isinstance(node, ox.NamedNode):
            return node.value
        return str(node)

    def value(self, value: object) -> Any:
        """Write a value."""
        if not isinstance(value, ox.Literal):
            return {"@id": self.node(value)}
        if value.language:
            return {"@value": value.value, "@language": value.language}
        if value.datatype.value == _STRING:
            return value.value
        return {"@value": value.value, "@type": self.term(value.datatype.value)}
