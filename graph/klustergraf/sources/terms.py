"""The terms that statements are made of: short ways to write them."""

from decimal import Decimal
from typing import Final

from pyoxigraph import Literal, NamedNode

from klustergraf.identifiers import slugify
from klustergraf.namespaces import (
    DCT,
    FOAF,
    GEO,
    ID,
    KG,
    ORG,
    PROV,
    RDF,
    SCHEMA,
    SKOS,
    XSD,
)

Object = NamedNode | Literal

TYPE: Final = NamedNode(RDF + "type")
SUBJECT: Final = NamedNode(RDF + "subject")
PREDICATE: Final = NamedNode(RDF + "predicate")
OBJECT: Final = NamedNode(RDF + "object")
PREF_LABEL: Final = NamedNode(SKOS + "prefLabel")
ALT_LABEL: Final = NamedNode(SKOS + "altLabel")
NOTATION: Final = NamedNode(SKOS + "notation")
BROADER: Final = NamedNode(SKOS + "broader")
IN_SCHEME: Final = NamedNode(SKOS + "inScheme")
CONCEPT_SCHEME: Final = NamedNode(SKOS + "ConceptScheme")
SAME_AS: Final = NamedNode(SCHEMA + "sameAs")
FOUNDED_ON: Final = NamedNode(SCHEMA + "foundingDate")
STARTS: Final = NamedNode(SCHEMA + "startDate")
ENDS: Final = NamedNode(SCHEMA + "endDate")
COUNTRY: Final = NamedNode(SCHEMA + "addressCountry")
POSTAL_CODE: Final = NamedNode(SCHEMA + "postalCode")
VAT: Final = NamedNode(SCHEMA + "vatID")
HOMEPAGE: Final = NamedNode(FOAF + "homepage")
PAGE: Final = NamedNode(FOAF + "page")
SUBJECT_OF: Final = NamedNode(DCT + "subject")
IDENTIFIER: Final = NamedNode(DCT + "identifier")
SOURCE: Final = NamedNode(DCT + "source")
PART_OF: Final = NamedNode(DCT + "isPartOf")
REPLACED_BY: Final = NamedNode(DCT + "isReplacedBy")
REPLACES: Final = NamedNode(DCT + "replaces")
DERIVED_FROM: Final = NamedNode(PROV + "wasDerivedFrom")
INFLUENCED: Final = NamedNode(PROV + "influenced")
SEE_ALSO: Final = NamedNode("http://www.w3.org/2000/01/rdf-schema#seeAlso")
SUB_ORGANIZATION_OF: Final = NamedNode(ORG + "subOrganizationOf")
LINKED_TO: Final = NamedNode(ORG + "linkedTo")
MEMBER: Final = NamedNode(ORG + "member")
MEMBER_OF: Final = NamedNode(ORG + "memberOf")
ORGANIZATION: Final = NamedNode(ORG + "organization")
ROLE: Final = NamedNode(ORG + "role")
HAS_SITE: Final = NamedNode(ORG + "hasSite")
SITE: Final = NamedNode(ORG + "Site")
WITHIN: Final = NamedNode(GEO + "sfWithin")
HAS_GEOMETRY: Final = NamedNode(GEO + "hasGeometry")
GEOMETRY: Final = NamedNode(GEO + "Geometry")
AS_WKT: Final = NamedNode(GEO + "asWKT")


def kg(name: str) -> NamedNode:
    """Give a term of our ontology."""
    return NamedNode(KG + name)


def thing(kind: str, *names: str) -> NamedNode:
    """Give the IRI of a thing; names are made into slugs, and parted by ``--``."""
    return NamedNode(f"{ID}{kind}/{'--'.join(slugify(name) for name in names)}")


def iri_or_none(text: str) -> NamedNode | None:
    """Give an address as an IRI, or nothing when it is none."""
    try:
        return NamedNode(text) if text else None
    except ValueError:
        return None


def said(text: str, language: str) -> Literal:
    """Give a text in a language."""
    return Literal(text, language=language)


def when(edtf: str) -> Literal:
    """Give a date, a month or a year.

    >>> when("2014-06").datatype.value.rsplit("#")[1]
    'gYearMonth'
    """
    kinds = {4: "gYear", 7: "gYearMonth", 10: "date"}
    return Literal(edtf, datatype=NamedNode(XSD + kinds[len(edtf)]))


def amount(value: Decimal) -> Literal:
    """Give an amount with two decimals."""
    return Literal(f"{value:.2f}", datatype=NamedNode(XSD + "decimal"))


def truth(*, value: bool) -> Literal:
    """Give a truth value."""
    return Literal("true" if value else "false", datatype=NamedNode(XSD + "boolean"))


def whole(value: int) -> Literal:
    """Give a whole number."""
    return Literal(str(value), datatype=NamedNode(XSD + "integer"))


def wkt(text: str) -> Literal:
    """Give a geometry as well-known text."""
    return Literal(text, datatype=NamedNode(GEO + "wktLiteral"))
