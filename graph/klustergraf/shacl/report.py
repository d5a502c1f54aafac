"""A validation report: what does not hold, where, and what to do about it.

The words are those of SHACL, section 3 (Validation and Graphs).
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, Final, Literal

import pyoxigraph as ox

from klustergraf.namespaces import SH, XSD, shorten
from klustergraf.shacl.paths import Path

Language = Literal["sv", "en"]
Term = ox.NamedNode | ox.BlankNode | ox.Literal

SEVERITIES: Final = ("violation", "warning", "info")
_RANK: Final = {f"{SH}{name.capitalize()}": rank for rank, name in enumerate(SEVERITIES)}

_TEXT: Final[dict[Language, dict[str, str]]] = {
    "sv": {
        "conforms": "Allt uppfyller villkoren.",
        "conforms-but": "Alla krav är uppfyllda, med anmärkningar: {counts}.",
        "fails": "Kraven är inte uppfyllda: {counts}.",
        "violation": "Fel",
        "warning": "Varning",
        "info": "Upplysning",
        "violation-count": "{n} fel",
        "warning-count": "{n} varning(ar)",
        "info-count": "{n} upplysning(ar)",
        "omitted": "{n} resultat till visas inte.",
        "path": "egenskap",
        "value": "värde",
        "shape": "villkor",
    },
    "en": {
        "conforms": "Everything conforms.",
        "conforms-but": "Everything that must hold holds, with remarks: {counts}.",
        "fails": "It does not conform: {counts}.",
        "violation": "Violation",
        "warning": "Warning",
        "info": "Info",
        "violation-count": "{n} violation(s)",
        "warning-count": "{n} warning(s)",
        "info-count": "{n} info(s)",
        "omitted": "{n} more result(s) are not shown.",
        "path": "path",
        "value": "value",
        "shape": "shape",
    },
}


@dataclass(frozen=True)
class Result:
    """One thing that does not hold.

    ``messages`` and ``focus_label`` are by language tag; the tag "" stands for none.
    """

    focus_node: Term
    result_path: Path | None
    value: Term | None
    source_shape: Term
    constraint_component: str
    severity: str
    messages: Mapping[str, str] = field(default_factory=dict)
    focus_label: Mapping[str, str] = field(default_factory=dict)
    details: tuple["Result", ...] = ()
    source_constraint: Term | None = None

    def with_details(self, details: Iterable["Result"]) -> "Result":
        """Give the same result with others that say what is wrong inside (``sh:detail``)."""
        return replace(self, details=tuple(sorted(details, key=lambda detail: detail.sort_key)))

    @property
    def severity_name(self) -> str:
        """The severity in one word: violation, warning, info; anything else is a violation."""
        return SEVERITIES[_RANK.get(self.severity, 0)]

    def message(self, language: Language) -> str:
        """Give the message in a language, else in another that there is."""
        return _choose(self.messages, language)

    def label(self, language: Language) -> str:
        """Give the focus node's name in a language, else in another; "" when it has none."""
        return _choose(self.focus_label, language)

    @cached_property
    def sort_key(self) -> tuple[Any, ...]:
        """What results are ordered by: severity first, then focus node, path, and the rest."""
        return (
            _RANK.get(self.severity, -1),
            self.severity,
            str(self.focus_node),
            self.result_path.turtle() if self.result_path else "",
            self.constraint_component,
            str(self.source_shape),
            str(self.value) if self.value is not None else "",
            sorted(self.messages.items()),
        )


@dataclass(frozen=True)
class Report:
    """What a validation found; the results in a fixed order.

    ``omitted`` counts results that were found and left out, by severity; ``log`` says what was
    done in another way than asked.
    """

    results: tuple[Result, ...] = ()
    omitted: Mapping[str, int] = field(default_factory=dict)
    log: tuple[str, ...] = ()

    @classmethod
    def of(
        cls, results: Iterable[Result], *, limit: int | None = None, log: Iterable[str] = ()
    ) -> "Report":
        """Make a report of results in any order; it keeps the first ``limit`` and counts all.

        >>> Report.of([]).conforms
        True
        """
        found = sorted(results, key=lambda result: result.sort_key)
        kept = found if limit is None else found[:limit]
        left = Counter(result.severity_name for result in found[len(kept) :])
        return cls(tuple(kept), dict(left), tuple(log))

    def joined(self, other: "Report") -> "Report":
        """Give one report of what two say of different shapes."""
        results = sorted([*self.results, *other.results], key=lambda result: result.sort_key)
        omitted = Counter(self.omitted) + Counter(other.omitted)
        return Report(tuple(results), dict(omitted), tuple(dict.fromkeys(self.log + other.log)))

    @property
    def total(self) -> int:
        """The number of results, those that were left out among them."""
        return len(self.results) + sum(self.omitted.values())

    @property
    def conforms(self) -> bool:
        """Tell whether everything that must hold holds: there is no result but warnings and infos.

        Stricter is ``sh:conforms`` in :meth:`turtle`, which SHACL makes false by any result.
        """
        return not self.counts["violation"]

    @cached_property
    def counts(self) -> dict[str, int]:
        """The number of results by severity: violation, warning, info."""
        found = Counter(result.severity_name for result in self.results)
        return {name: found[name] + self.omitted.get(name, 0) for name in SEVERITIES}

    def text(self, language: Language) -> str:
        """Write the report for a person: each result with its thing, path, value, what to do."""
        return "\n".join(self._lines(language)) + "\n"

    def _lines(self, language: Language) -> Iterator[str]:
        words = _TEXT[language]
        counts = ", ".join(
            words[f"{name}-count"].format(n=n) for name, n in self.counts.items() if n
        )
        if not self.total:
            yield words["conforms"]
        else:
            yield words["conforms-but" if self.conforms else "fails"].format(counts=counts)
        for result in self.results:
            yield ""
            label = result.label(language)
            name = f"{label} {result.focus_node}" if label else str(result.focus_node)
            yield f"{words[result.severity_name]}: {name}"
            yield f"    {result.message(language)}"
            if result.result_path is not None:
                yield f"    {words['path']}: {result.result_path.text()}"
            if result.value is not None:
                yield f"    {words['value']}: {result.value}"
            component = result.constraint_component.removeprefix(SH)
            shape = result.source_shape
            name = shorten(shape.value) if isinstance(shape, ox.NamedNode) else str(shape)
            yield f"    {words['shape']}: {name} ({component})"
        if self.omitted:
            yield ""
            yield words["omitted"].format(n=self.total - len(self.results))

    def turtle(self) -> str:
        """Write the report as SHACL's own RDF, the same bytes for the same results.

        ``sh:conforms`` is as SHACL defines it: true only when there is no result at all.
        """
        lines = [f"@prefix sh: <{SH}> .", f"@prefix xsd: <{XSD}> .", ""]
        if self.omitted:
            lines.append(f"# {self.total} results, of which {len(self.results)} are shown.")
        lines.append("_:report a sh:ValidationReport ;")
        if self.total:
            names = " , ".join(f"_:result{n}" for n in range(1, len(self.results) + 1))
            lines.append("    sh:conforms false" + (" ;" if names else " ."))
            lines += [f"    sh:result {names} ."] if names else []
        else:
            lines.append("    sh:conforms true .")
        for number, result in enumerate(self.results, start=1):
            lines += _turtle_lines(result, f"_:result{number}")
        return "\n".join(lines) + "\n"

    def json(self) -> str:
        """Write the report as JSON, keys and results in a fixed order.

        Shape: ``{"conforms", "counts": {violation, warning, info}, "results": [{"focusNode",
        "focusLabel", "path", "value", "severity", "messages", "sourceShape",
        "constraintComponent", "details" where there are}], "omitted" where results were}``; a
        term is ``{"type": "uri" | "bnode" | "literal", "value"}``
        with ``datatype`` or ``xml:lang`` as in the SPARQL results format; ``path`` is SPARQL
        syntax.
        """
        document = {
            "conforms": self.conforms,
            "counts": self.counts,
            "results": [_json_result(result) for result in self.results],
        }
        if self.omitted:
            document["omitted"] = self.total - len(self.results)
        return json.dumps(document, ensure_ascii=False, indent=2) + "\n"


def _choose(texts: Mapping[str, str], language: Language) -> str:
    other = "en" if language == "sv" else "sv"
    for tag in (language, other, "", *sorted(texts)):
        if tag in texts:
            return texts[tag]
    return ""


def _turtle_lines(result: Result, name: str) -> Iterator[str]:
    """Write a result and, with names that follow from its own, its details."""
    inner = [f"{name}-{number}" for number in range(1, len(result.details) + 1)]
    pairs = list(_turtle_pairs(result)) + [f"sh:detail {detail}" for detail in inner]
    yield ""
    yield f"{name} a sh:ValidationResult ;"
    yield from (f"    {pair} ;" for pair in pairs[:-1])
    yield f"    {pairs[-1]} ."
    for detail, detail_name in zip(result.details, inner, strict=True):
        yield from _turtle_lines(detail, detail_name)


def _turtle_pairs(result: Result) -> Iterator[str]:
    yield f"sh:focusNode {_own(result.focus_node)}"
    if result.result_path is not None:
        yield f"sh:resultPath {result.result_path.turtle()}"
    if result.value is not None:
        yield f"sh:value {_own(result.value)}"
    for tag, text in sorted(result.messages.items()):
        yield f"sh:resultMessage {ox.Literal(text, language=tag) if tag else ox.Literal(text)}"
    yield f"sh:sourceShape {_own(result.source_shape)}"
    if result.source_constraint is not None:
        yield f"sh:sourceConstraint {_own(result.source_constraint)}"
    yield f"sh:sourceConstraintComponent <{result.constraint_component}>"
    yield f"sh:resultSeverity <{result.severity}>"


def _own(term: Term) -> str:
    """Keep the labels of blank nodes apart from those of the report itself."""
    return f"_:node-{term.value}" if isinstance(term, ox.BlankNode) else str(term)


def _json_result(result: Result) -> dict[str, Any]:
    path = result.result_path
    return {
        "focusNode": _json_term(result.focus_node),
        "focusLabel": dict(sorted(result.focus_label.items())),
        "path": path.text(lambda iri: f"<{iri}>") if path else None,
        "value": _json_term(result.value) if result.value is not None else None,
        "severity": result.severity_name,
        "messages": dict(sorted(result.messages.items())),
        "sourceShape": _json_term(result.source_shape),
        "constraintComponent": result.constraint_component,
    } | ({"details": [*map(_json_result, result.details)]} if result.details else {})


def _json_term(term: Term) -> dict[str, str]:
    if isinstance(term, ox.NamedNode):
        return {"type": "uri", "value": term.value}
    if isinstance(term, ox.BlankNode):
        return {"type": "bnode", "value": term.value}
    if term.language:
        return {"type": "literal", "value": term.value, "xml:lang": term.language}
    if term.datatype.value == XSD + "string":
        return {"type": "literal", "value": term.value}
    return {"type": "literal", "value": term.value, "datatype": term.datatype.value}
