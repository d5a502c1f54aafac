"""Our identifiers: ``https://w3id.org/klustergraf/id/<kind>/<slug>``, minted and parsed.

A slug is lower-case ASCII letters, digits and single hyphens, with ``--`` between the parts of a
relation's name. IRIs are never reused and never renamed.
"""

import re
import unicodedata
from dataclasses import dataclass

from klustergraf.errors import IdentifierError
from klustergraf.namespaces import ID

_KIND = re.compile(r"[a-z]+(-[a-z]+)*")
_SLUG = re.compile(r"[a-z0-9]+(-{1,2}[a-z0-9]+)*")
_LETTERS = str.maketrans({"ß": "ss", "æ": "ae", "ø": "o", "œ": "oe", "ð": "d", "þ": "th", "ł": "l"})


@dataclass(frozen=True)
class Identifier:
    """The kind and the slug of an IRI of ours."""

    kind: str
    slug: str

    @property
    def iri(self) -> str:
        """The IRI that these two make."""
        return f"{ID}{self.kind}/{self.slug}"


def slugify(name: str) -> str:
    """Make a slug from a name: å, ä and ö lose their marks, all else but a-z and 0-9 parts words.

    Errors: IdentifierError when nothing is left.

    >>> slugify("Södertörns högskola")
    'sodertorns-hogskola'
    """
    lowered = name.lower().translate(_LETTERS)
    plain = unicodedata.normalize("NFKD", lowered).encode("ascii", "ignore").decode("ascii")
    slug = "-".join(re.findall(r"[a-z0-9]+", plain))
    if not slug:
        raise IdentifierError(name, "has no letter or digit that a slug could be made from")
    return slug


def mint_iri(kind: str, *names: str) -> str:
    """Make the IRI of a thing from its kind and its name, or a relation's from several names.

    Errors: IdentifierError.

    >>> mint_iri("actor", "Region Stockholm")
    'https://w3id.org/klustergraf/id/actor/region-stockholm'
    """
    if not _KIND.fullmatch(kind):
        raise IdentifierError(kind, "is not a kind (lower-case words with hyphens)")
    return Identifier(kind, "--".join(slugify(name) for name in names)).iri


def parse_iri(iri: str) -> Identifier:
    """Read the kind and the slug of an IRI of ours; a fragment is left out.

    Errors: IdentifierError when the IRI is not one of ours.

    >>> parse_iri("https://w3id.org/klustergraf/id/priority/a1").slug
    'a1'
    """
    kind, _, slug = iri.split("#", 1)[0].removeprefix(ID).partition("/")
    if not iri.startswith(ID) or not _KIND.fullmatch(kind) or not _SLUG.fullmatch(slug):
        raise IdentifierError(iri, f"is not an identifier of the form {ID}<kind>/<slug>")
    return Identifier(kind, slug)
