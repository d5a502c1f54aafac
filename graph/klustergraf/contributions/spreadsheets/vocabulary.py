"""The values that cells may have: classes, priority areas, places, by their names in the graph."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

import pyoxigraph as ox

from klustergraf.namespaces import KG, RDFS, SKOS

QUERY: Final = f"""\
PREFIX kg: <{KG}>
PREFIX rdfs: <{RDFS}>
PREFIX skos: <{SKOS}>

SELECT ?list ?iri ?code ?sv ?en
WHERE {{
  {{
    VALUES ?top {{ kg:Actor kg:Facility }}
    ?iri rdfs:subClassOf* ?top ; rdfs:label ?sv , ?en .
    BIND (STR(?top) AS ?list)
  }} UNION {{
    VALUES ?iri {{ kg:Agreement kg:LetterOfIntent kg:WorkingGroup }}
    ?iri rdfs:label ?sv , ?en .
    BIND ("collaboration" AS ?list)
  }} UNION {{
    ?iri a kg:PriorityArea ; skos:notation ?code ; skos:prefLabel ?sv , ?en .
    BIND ("area" AS ?list)
  }} UNION {{
    VALUES (?class ?list) {{ (kg:Municipality "municipality") (kg:District "place")
      (kg:Campus "place") (kg:County "place") }}
    ?iri a ?class ; skos:prefLabel ?sv , ?en .
  }}
  FILTER (LANG(?sv) = "sv" && LANG(?en) = "en")
}}
ORDER BY ?list ?code ?sv ?iri"""
"""Gives each value that a list offers: its list, IRI, notation, name in Swedish and English."""


@dataclass(frozen=True)
class Choice:
    """One value: its IRI, the notation of a priority area, its names."""

    iri: str
    code: str
    names: Mapping[str, str]

    def titles(self) -> set[str]:
        """Give what a cell may call it, folded: its IRI, its notation, its names, or both."""
        names = self.names.values()
        coded = (f"{self.code} {name}" for name in names)  # as lists of templates have it
        return {fold_value(one) for one in (self.iri, self.code, *names, *coded) if one}


@dataclass(frozen=True)
class Vocabulary:
    """The lists of values, by their names: superclasses, "area", "municipality", "place"."""

    lists: Mapping[str, tuple[Choice, ...]]

    @classmethod
    def of(cls, rows: Iterable[tuple[str, str, str, str, str]]) -> "Vocabulary":
        """Make it of the rows that :data:`QUERY` gives."""
        lists: dict[str, dict[str, Choice]] = {}
        for name, iri, code, swedish, english in rows:
            choice = Choice(iri, code, {"sv": swedish, "en": english})
            lists.setdefault(name, {}).setdefault(iri, choice)
        return cls({name: tuple(choices.values()) for name, choices in lists.items()})

    @classmethod
    def read(cls, store: ox.Store) -> "Vocabulary":
        """Read it from a version."""
        solutions = store.query(QUERY, use_default_graph_as_union=True)
        names = ("list", "iri", "code", "sv", "en")
        if not isinstance(solutions, ox.QuerySolutions):
            raise TypeError(QUERY)
        rows = [[getattr(row[name], "value", "") for name in names] for row in solutions]
        return cls.of((a, b, c, d, e) for a, b, c, d, e in rows)

    def choices(self, *names: str) -> tuple[Choice, ...]:
        """Give what some lists offer together."""
        return tuple(choice for name in names for choice in self.lists.get(name, ()))


def fold_value(text: str) -> str:
    """Make values alike that differ in case and spaces.

    >>> fold_value("  Data och  infrastruktur ")
    'data och infrastruktur'
    """
    return " ".join(text.casefold().split())


class Names:
    """Finds values by what cells call them."""

    def __init__(self, choices: Iterable[Choice]) -> None:
        self.choices = tuple({choice.iri: choice for choice in choices}.values())
        self._found: dict[str, list[Choice]] = {}
        for choice in self.choices:
            for title in choice.titles():
                self._found.setdefault(title, []).append(choice)

    def called(self, text: str) -> list[Choice]:
        """Find the values that a text names.

        >>> [c.iri for c in Names([Choice("urn:a", "A1", {"en": "Data"})]).called("a1 DATA")]
        ['urn:a']
        """
        return self._found.get(fold_value(text), [])
