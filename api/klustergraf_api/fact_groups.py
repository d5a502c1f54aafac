"""Which facts belong together on a page, by what they mean."""

from typing import Final

from klustergraf.namespaces import ADMS, DCT, FOAF, GEO, KG, ORG, OWL, PROV, RDF, RDFS, SCHEMA, SKOS

# Groups and what is in them in the order of the page; what is in none comes last, as "other".
FACT_GROUPS: Final[dict[str, tuple[str, ...]]] = {
    "identity": (
        SKOS + "definition",
        DCT + "description",
        SKOS + "scopeNote",
        RDF + "type",
        SKOS + "notation",
        SKOS + "altLabel",
        ORG + "classification",
        SCHEMA + "foundingDate",
        FOAF + "homepage",
        SCHEMA + "url",
        KG + "organisationNumber",
        ORG + "identifier",
        SCHEMA + "vatID",
        KG + "participantIdentifier",
        KG + "gridIdentifier",
        KG + "funderIdentifier",
        ADMS + "identifier",
        DCT + "identifier",
        KG + "sha256",
        OWL + "sameAs",
        SCHEMA + "sameAs",
        SKOS + "exactMatch",
        SKOS + "closeMatch",
        FOAF + "page",
        RDFS + "seeAlso",
    ),
    "place": (
        KG + "locatedIn",
        ORG + "hasPrimarySite",
        ORG + "hasSite",
        SCHEMA + "postalCode",
        SCHEMA + "addressCountry",
        KG + "hasTerritory",
        GEO + "sfWithin",
        GEO + "sfContains",
        GEO + "hasGeometry",
    ),
    "parts": (
        DCT + "isPartOf",
        ORG + "subOrganizationOf",
        ORG + "unitOf",
        ORG + "postIn",
        ORG + "memberOf",
        KG + "isOwnedBy",
        KG + "isBackedBy",
        KG + "backs",
        KG + "isHousedIn",
        KG + "isOperatedBy",
        KG + "hasPartner",
        DCT + "hasPart",
        ORG + "hasMember",
        ORG + "hasSubOrganization",
        ORG + "hasUnit",
        ORG + "hasPost",
        ORG + "linkedTo",
        DCT + "replaces",
        DCT + "isReplacedBy",
    ),
    "work": (
        KG + "founded",
        KG + "initiates",
        KG + "isInitiatedBy",
        KG + "leads",
        KG + "manages",
        KG + "operates",
        KG + "participatesIn",
        KG + "worksWith",
        KG + "funds",
        KG + "isPartyTo",
        KG + "followsUp",
        PROV + "influenced",
    ),
    "time": (
        SCHEMA + "startDate",
        SCHEMA + "endDate",
        DCT + "date",
        KG + "edtfDate",
        KG + "dateAsRead",
        DCT + "created",
        DCT + "issued",
    ),
}
_PLACES: Final = {
    predicate: (number, name)
    for name, inside in FACT_GROUPS.items()
    for number, predicate in enumerate(inside)
}


def fact_order(predicate: str) -> tuple[int, str]:
    """Give by what to sort predicates within their group.

    >>> fact_order(SCHEMA + "startDate") < fact_order(SCHEMA + "endDate")
    True
    """
    return _PLACES.get(predicate, (0, ""))[0], predicate


def fact_group(predicate: str) -> str:
    """Name the group of a predicate.

    >>> fact_group(ORG + "unitOf"), fact_group("https://example.org/p")
    ('parts', 'other')
    """
    return _PLACES.get(predicate, (0, "other"))[1]
