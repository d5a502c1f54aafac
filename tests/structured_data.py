"""What pages tell search engines: JSON-LD in the terms of schema.org."""

import importlib
import json
import re

from pyld import jsonld

SCHEMA = "https://schema.org/"


def structured_data(page: str) -> dict[str, object]:
    """Read the one data block of a page."""
    found = re.findall(r'<script type="application/ld\+json">(.*?)</script>', page, re.DOTALL)
    assert len(found) == 1
    data: dict[str, object] = json.loads(found[0])
    return data


def faults_of(data: dict[str, object]) -> list[str]:
    """Compare with the classes that pydantic2-schemaorg generates from schema.org itself."""
    allowed = {"@context", "@id", "@type"}
    kinds = data["@type"]
    types = [str(kind) for kind in kinds] if isinstance(kinds, list) else [str(kinds)]
    for name in types:
        module = importlib.import_module(f"pydantic2_schemaorg.{name}")
        fields = getattr(module, name).__fields__
        allowed |= set(fields) | {field.alias for field in fields.values()}
    faults = [f"{key} is no property of {types}" for key in data if key not in allowed]
    document = {**data, "@context": {"@vocab": SCHEMA}}
    (node,) = jsonld.expand(document)
    return faults + [key for key in node if not key.startswith(("@", SCHEMA))]
