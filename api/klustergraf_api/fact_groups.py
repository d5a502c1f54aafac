"""Which facts belong together on a page, by what they mean."""

from typing import Final

from klustergraf.namespaces import ADMS, DCT, FOAF, GEO, KG, ORG, OWL, RDF, RDFS, SCHEMA, SKOS

# In the order of the page; what stands in none of them comes last, as "other".
FACT_GROUPS: Final[dict[str, frozenset[str]]] = {
    "identity": frozenset(
        {
            ADMS + "identifier",
            DCT + "identifier",
            FOAF + "homepage",
            FOAF + "page",
            KG + "organisationNumber",
            KG + "participantIdentifier",
            KG + "funderIdentifier",
            KG + "gridIdentifier",
            KG + "sha256",
            ORG + "classification",
            ORG + "identifier",
            OWL + "sameAs",
            RDF + "type",
            RDFS + "seeAlso",
            SCHEMA + "foundingDate",
            SCHEMA + "sameAs",
            SCHEMA + "url",
            SCHEMA + "vatID",
            SKOS + "altLabel",
            SKOS + "closeMatch",
            SKOS + "definition",
            SKOS + "exactMatch",
            SKOS + "notation",
            SKOS + "scopeNote",
        }
    ),
    "place": frozenset(
        {
            GEO + "hasGeometry",
            GEO + "sfContains",
            GEO + "sfWithin",
            KG + "locatedIn",
            ORG + "hasPrimarySite",
            ORG + "hasSite",
            SCHEMA + "addressCountry",
            SCHEMA + "postalCode",
        }
    ),
    "parts": frozenset(
        {
            DCT + "hasPart",
            DCT + "isPartOf",
            KG + "backs",
            KG + "isBackedBy",
            ORG + "hasPost",
            ORG + "hasSubOrganization",
            ORG + "hasUnit",
            ORG + "linkedTo",
            ORG + "memberOf",
            ORG + "postIn",
            ORG + "subOrganizationOf",
            ORG + "unitOf",
        }
    ),
    "work": frozenset(
        {
            KG + "followsUp",
            KG + "founded",
            KG + "funds",
            KG + "isPartyTo",
            KG + "leads",
            KG + "manages",
            KG + "operates",
            KG + "participatesIn",
            KG + "worksWith",
        }
    ),
    "time": frozenset(
        {
            DCT + "created",
            DCT + "date",
            DCT + "issued",
            KG + "dateAsRead",
            KG + "edtfDate",
            SCHEMA + "endDate",
            SCHEMA + "startDate",
        }
    ),
}


def fact_group(predicate: str) -> str:
    """Name the group of a predicate.

    >>> fact_group(ORG + "unitOf"), fact_group("https://example.org/p")
    ('parts', 'other')
    """
    return next((name for name, inside in FACT_GROUPS.items() if predicate in inside), "other")
