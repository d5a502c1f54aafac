"""Gathers the statements of a description."""

from collections.abc import Mapping

import pyoxigraph as ox

from klustergraf.namespaces import RDF, XSD

Node = ox.NamedNode | ox.BlankNode
Term = Node | ox.Literal


class Statements:
    """Statements that are said one after the other; ``triples`` are all of them."""

    def __init__(self) -> None:
        self.triples: list[ox.Triple] = []

    def say(self, subject: str, predicate: str, value: Term) -> None:
        """State something."""
        self.triples.append(ox.Triple(ox.NamedNode(subject), ox.NamedNode(predicate), value))

    def link(self, subject: str, predicate: str, *objects: str) -> None:
        """State links to IRIs."""
        for iri in objects:
            self.say(subject, predicate, ox.NamedNode(iri))

    def a(self, subject: str, *classes: str) -> None:
        """State the classes of something."""
        self.link(subject, RDF + "type", *classes)

    def texts(self, subject: str, predicate: str, by_language: Mapping[str, str]) -> None:
        """State a text in several languages."""
        for language, text in by_language.items():
            self.say(subject, predicate, ox.Literal(text, language=language))

    def typed(self, subject: str, predicate: str, value: object, datatype: str) -> None:
        """State a value of an XSD datatype, given by its local name."""
        self.say(subject, predicate, ox.Literal(str(value), datatype=ox.NamedNode(XSD + datatype)))

    def integer(self, subject: str, predicate: str, value: int) -> None:
        """State a number."""
        self.typed(subject, predicate, value, "integer")
