"""External identifiers: which schemes there are, how far they are trusted, and how one is written.

A value that does not fit its scheme (a wrong check digit, a personal identity number where an
organisation number should be) is no identifier, and nothing is concluded from it.
"""

import re
from collections.abc import Callable
from typing import Final

HARD_SCHEMES: Final = ("ror", "orgnr", "scb", "pic")
"""One actor has one. Two different ones are two actors, whatever else they share."""

SOFT_SCHEMES: Final = ("wikidata", "grid", "isni")
"""A shared one merges; two different ones forbid a merge by name, not one by a hard scheme."""

TRUSTED_SCHEMES: Final = HARD_SCHEMES + SOFT_SCHEMES
"""In the order in which they decide. ``crossref`` is not among them: funders share ids there."""

_ROR = re.compile(r"(?:^|/)(0[a-z0-9]{6}[0-9]{2})/?$")
_GRID = re.compile(r"grid\.\d{1,6}\.[0-9a-f]{1,2}")
_WIKIDATA = re.compile(r"(?:^|/)(Q[1-9]\d*)$")
_PIC = re.compile(r"[89]\d{8}")
_URLS: Final[dict[str, str]] = {
    "https://ror.org/": "ror",
    "https://isni.org/isni/": "isni",
    "http://www.wikidata.org/entity/": "wikidata",
    "https://www.grid.ac/institutes/": "grid",
}


def normalise_id(scheme: str, value: str) -> str:
    """Give an identifier as its register writes it, or "" when it is none.

    A VAT number is kept as the organisation number in it (see :func:`normalise_scheme`).

    >>> normalise_id("ror", "https://ror.org/056d84691")
    '056d84691'
    >>> normalise_id("isni", "0000 0004 1937 0626")
    '0000000419370626'
    >>> normalise_id("vat", "SE202100297301"), normalise_id("wikidata", "http://x/entity/Q219564")
    ('2021002973', 'Q219564')
    """
    reader = _READERS.get(scheme)
    return reader(value.strip()) if reader else value.strip()


def normalise_scheme(scheme: str) -> str:
    """Name the scheme that a value of this one belongs to: a VAT number is an organisation number.

    >>> normalise_scheme("vat")
    'orgnr'
    """
    return {"vat": "orgnr", "fundref": "crossref"}.get(scheme.lower(), scheme.lower())


def read_same_as(iri: str) -> tuple[str, str] | None:
    """Read the scheme and the value of an identifier that is written as an IRI, if it is one.

    >>> read_same_as("https://ror.org/056d84691")
    ('ror', '056d84691')
    """
    for start, scheme in _URLS.items():
        if iri.startswith(start):
            value = normalise_id(scheme, iri.removeprefix(start))
            return (scheme, value) if value else None
    return None


def _ror(value: str) -> str:
    match = _ROR.search(value.lower())
    return match[1] if match else ""


def _grid(value: str) -> str:
    match = _GRID.search(value.lower())
    return match[0] if match else ""


def _wikidata(value: str) -> str:
    match = _WIKIDATA.search(value.upper() if value.lower().startswith("q") else value)
    return match[1] if match else ""


def _isni(value: str) -> str:
    """Check an ISNI by its last character (ISO 7064, MOD 11-2)."""
    digits = re.sub(r"[\s-]", "", value.upper().rsplit("/", 1)[-1])
    if not re.fullmatch(r"\d{15}[\dX]", digits):
        return ""
    total = 0
    for digit in digits[:15]:
        total = (total + int(digit)) * 2
    check = (12 - total % 11) % 11
    return digits if digits[15] == ("X" if check == 10 else str(check)) else ""


def _pic(value: str) -> str:
    return value if _PIC.fullmatch(value) else ""


def _orgnr(value: str) -> str:
    """Check an organisation number by its last digit (Luhn).

    Its third digit is 2 or more. With a lower one it is the personal identity number of someone
    who trades under their own name, which the graph never keeps.
    """
    digits = re.sub(r"\D", "", value)
    if len(digits) == 12 and digits.startswith("16"):
        digits = digits[2:]
    if len(digits) != 10 or digits[2] in "01":
        return ""
    doubled = (int(d) * (2 - i % 2) for i, d in enumerate(digits))
    return digits if sum(n // 10 + n % 10 for n in doubled) % 10 == 0 else ""


def _vat(value: str) -> str:
    """Read the organisation number of a Swedish VAT number: SE, the number, 01."""
    match = re.fullmatch(r"SE[\s-]*(\d{6})-?(\d{4})[\s-]*\d{2}", value.upper())
    return _orgnr(match[1] + match[2]) if match else ""


def _scb(value: str) -> str:
    return value if re.fullmatch(r"\d{2}|\d{4}", value) else ""


_READERS: Final[dict[str, Callable[[str], str]]] = {
    "ror": _ror,
    "grid": _grid,
    "wikidata": _wikidata,
    "isni": _isni,
    "pic": _pic,
    "orgnr": _orgnr,
    "vat": _vat,
    "scb": _scb,
}
