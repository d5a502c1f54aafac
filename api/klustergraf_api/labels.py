"""What things are called, in the languages of the pages."""

from collections.abc import Iterable, Mapping
from typing import Final

from klustergraf.namespaces import DCT, RDFS, SKOS
from klustergraf_api.execution import Executor
from klustergraf_api.pages.rendering import View
from klustergraf_api.terms import Term, serialise_iri, serialise_iris

# The first of these that a thing has is what it is called.
LABEL_PREDICATES: Final = (SKOS + "prefLabel", RDFS + "label", DCT + "title")
_MOST_IRIS: Final = 2000


class Labels:
    """Labels by IRI and language."""

    def __init__(self, texts: Mapping[str, Mapping[str, str]]) -> None:
        self._texts = texts

    def of(self, iri: str, view: View) -> Term:
        """Give what to call a thing on a page; its language is empty where it is a bare name."""
        texts = self._texts.get(iri, {})
        for language in (view.language, "", *sorted(texts)):
            if language in texts:
                return Term("literal", texts[language], language)
        key = f"term.{view.curie(iri)}"
        if view.has_text(key):
            return Term("literal", view.text(key), view.language)
        return Term("literal", view.curie(iri))

    def all_of(self, iri: str) -> Mapping[str, str]:
        """Give every label of a thing, by language."""
        return self._texts.get(iri, {})


async def read_labels(executor: Executor, iris: Iterable[str]) -> Labels:
    """Look up what these IRIs are called."""
    wanted = sorted(set(iris))[:_MOST_IRIS]
    if not wanted:
        return Labels({})
    predicates = ", ".join(map(serialise_iri, LABEL_PREDICATES))
    # Not a second VALUES block: the engine would join the two by reading the whole graph.
    rows = await executor.solutions(
        "SELECT DISTINCT ?thing ?predicate ?label WHERE { "
        f"VALUES ?thing {{ {serialise_iris(wanted)} }} "
        f"?thing ?predicate ?label FILTER(?predicate IN ({predicates})) }}"
    )
    texts: dict[str, dict[str, str]] = {}
    rank = LABEL_PREDICATES.index
    for row in sorted(rows, key=lambda row: (rank(row["predicate"].value), row["label"])):
        language = row["label"].language.split("-")[0]
        texts.setdefault(row["thing"].value, {}).setdefault(language, row["label"].value)
    return Labels(texts)
