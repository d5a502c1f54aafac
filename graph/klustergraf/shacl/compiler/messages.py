"""What a result says: the messages of its shape, else a sentence for its component."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

import pyoxigraph as ox

from klustergraf.shacl.compiler.model import Constraint, Shape
from klustergraf.shacl.report import Term

_SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "And": ("Uppfyller inte alla villkoren", "Does not conform to all of the shapes"),
    "Class": ("Är inte av klassen {}", "Is not an instance of {}"),
    "Closed": ("Egenskapen är inte tillåten här", "The property is not allowed here"),
    "Datatype": ("Har inte datatypen {}", "Is not a well-formed literal of datatype {}"),
    "Disjoint": ("Är också ett värde av {}", "Is a value of {} too"),
    "Equals": ("Värdena är inte desamma som de av {}", "The values are not those of {}"),
    "HasValue": ("Värdet {} saknas", "The value {} is missing"),
    "In": ("Är inget av de tillåtna värdena", "Is none of the allowed values"),
    "LanguageIn": ("Är inte på ett tillåtet språk", "Is not in one of the allowed languages"),
    "LessThan": ("Är inte mindre än varje värde av {}", "Is not less than each value of {}"),
    "LessThanOrEquals": ("Är större än ett värde av {}", "Is more than a value of {}"),
    "MaxCount": ("Har fler än {} värden", "Has more than {} values"),
    "MaxExclusive": ("Är inte mindre än {}", "Is not less than {}"),
    "MaxInclusive": ("Är större än {}", "Is more than {}"),
    "MaxLength": ("Är längre än {} tecken", "Is longer than {} characters"),
    "MinCount": ("Har färre än {} värden", "Has fewer than {} values"),
    "MinExclusive": ("Är inte större än {}", "Is not more than {}"),
    "MinInclusive": ("Är mindre än {}", "Is less than {}"),
    "MinLength": ("Är kortare än {} tecken", "Is shorter than {} characters"),
    "Node": ("Uppfyller inte villkoret {}", "Does not conform to {}"),
    "NodeKind": ("Är inte av slaget {}", "Is not of the kind {}"),
    "Not": ("Uppfyller {}, vilket det inte ska", "Conforms to {}, and should not"),
    "Or": ("Uppfyller inget av villkoren", "Conforms to none of the shapes"),
    "Pattern": ("Passar inte mönstret {}", "Does not match the pattern {}"),
    "QualifiedMaxCount": (
        "Fler än {} värden uppfyller villkoret", "More than {} values conform to the shape",
    ),
    "QualifiedMinCount": (
        "Färre än {} värden uppfyller villkoret", "Fewer than {} values conform to the shape",
    ),
    "UniqueLang": ("Ett språk används flera gånger", "A language is used more than once"),
    "Xone": ("Uppfyller inte precis ett av villkoren", "Does not conform to exactly one shape"),
}  # fmt: skip
_OTHER: Final = ("Villkoret {} är inte uppfyllt", "The constraint {} does not hold")


def messages(shape: Shape, constraint: Constraint, row: Mapping[str, Term]) -> dict[str, str]:
    """Give the messages of a result by language tag; ``row`` holds what ``{?name}`` stands for."""
    sparql = constraint.sparql
    said = row.get("message") if sparql else None
    if isinstance(said, ox.Literal):  # what the query says goes before what is written beside it
        return {said.language or "": said.value}
    written = (sparql.messages if sparql else ()) or shape.messages
    if not written:
        return _sentence(constraint)
    if sparql is None:
        return _by_language(written)
    bound = {**dict(sparql.parameters), **row}
    return {tag: _filled(text, bound) for tag, text in _by_language(written).items()}


def _filled(text: str, row: Mapping[str, Term]) -> str:
    if "{" in text:
        for name, term in row.items():
            for sign in "?$":
                text = text.replace(f"{{{sign}{name}}}", term.value)
    return text


def _by_language(literals: Iterable[ox.Literal]) -> dict[str, str]:
    texts: dict[str, list[str]] = defaultdict(list)
    for literal in literals:
        texts[literal.language or ""].append(literal.value)
    return {tag: " ".join(sorted(found)) for tag, found in sorted(texts.items())}


def _sentence(constraint: Constraint) -> dict[str, str]:
    swedish, english = _SENTENCES.get(constraint.component, _OTHER)
    term = constraint.term
    shown = "" if term is None or isinstance(term, ox.BlankNode) else term.value
    if constraint.component not in _SENTENCES:
        shown = constraint.component
    return {
        "en": " ".join(english.format(shown).split()) + ".",
        "sv": " ".join(swedish.format(shown).split()) + ".",
    }
