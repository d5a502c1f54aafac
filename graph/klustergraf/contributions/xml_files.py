"""What XML declares that could make its reader do more than read: entities, other encodings."""

import re
from typing import Final

_DECLARATION: Final = re.compile(r"<!\s*(DOCTYPE|ENTITY)", re.IGNORECASE)
_ENCODING: Final = re.compile(r"""^\s*<\?xml[^>]*encoding\s*=\s*["']([^"']+)""", re.IGNORECASE)


def declared_encoding(text: str) -> str:
    """Give the encoding that an XML declaration names, in small letters; "" when it names none.

    >>> declared_encoding('<?xml version="1.0" encoding="UTF-8"?><a/>')
    'utf-8'
    """
    found = _ENCODING.match(text)
    return found[1].lower() if found else ""


def declares_entities(text: str) -> int | None:
    """Find a document type or an entity declaration; give where it begins, None without one.

    >>> declares_entities("<a/>"), declares_entities("<!DOCTYPE a>")
    (None, 0)
    """
    found = _DECLARATION.search(text)
    return found.start() if found else None
