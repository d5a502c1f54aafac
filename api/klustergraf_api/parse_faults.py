"""Which kind of fault a parser of RDF tells of.

Parsers speak English, in words that say what they looked for. ``pages/messages/reasons`` says each
kind plainly in both languages, under ``fault.<kind>``; what the parser said is quoted after it.
"""

import re
from typing import Final

# The first that is found in what the parser said, in this order.
_KINDS: Final = tuple(
    (kind, re.compile(pattern))
    for kind, pattern in (
        ("early-end", r"^Unexpected end|must be closed|missing end tag|unclosed|not closed"),
        ("prefix", r"prefix \S+ has not been declared|^Unknown prefix"),
        ("prefix-form", r"prefix name|PREFIX keyword|valid prefix|blank node ID"),
        (
            "json-ld",
            r"@\w+ (?:value|and |must)|in context|Term definition|reverse",
        ),
        ("rdf-xml", r"text event|element tag name|rdf:\w+|namespaces are required"),
        ("xml", r"^at \d+\.\.\d+|entity|XML|\btag|attribute"),
        ("json", r"^Object |Unexpected char: |JSON|escape sequence$|a value was expected"),
        ("iri", r"IRI code point|No scheme|parsing IRI|in host|IRI percent|in port|[Ii]nvalid IRI"),
        ("subject", r"subject"),
        ("predicate", r"predicate"),
        ("object", r"object"),
        ("graph", r"graph name"),
        ("dot", r"\bdot\b"),
        ("datatype", r"datatype"),
        ("text", r"language|subtag|escape|base direction|Line jumps|unicode|string"),
    )
)


def fault_kind(said: str) -> str:
    """Tell the kind of a fault from what a parser said; "other" for what is not known.

    >>> fault_kind("The prefix ex: has not been declared"), fault_kind("no idea")
    ('prefix', 'other')
    """
    return next((kind for kind, pattern in _KINDS if pattern.search(said)), "other")
