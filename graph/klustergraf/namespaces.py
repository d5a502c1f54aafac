"""Every namespace that the graph uses, once.

The base of our own names never changes with the host that serves them: any host that runs the
service resolves the same paths (``/id/…``, ``/ontology``, ``/graph/…``).
"""

from typing import Final

BASE: Final = "https://w3id.org/klustergraf/"
ID: Final = BASE + "id/"
GRAPH: Final = BASE + "graph/"
ONTOLOGY: Final = BASE + "ontology"
SHAPES: Final = BASE + "shapes"

KG: Final = ONTOLOGY + "#"
KGSH: Final = SHAPES + "#"

RDF: Final = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"
RDFS: Final = "http://www.w3.org/2000/01/rdf-schema#"
OWL: Final = "http://www.w3.org/2002/07/owl#"
XSD: Final = "http://www.w3.org/2001/XMLSchema#"
SH: Final = "http://www.w3.org/ns/shacl#"
SKOS: Final = "http://www.w3.org/2004/02/skos/core#"
ORG: Final = "http://www.w3.org/ns/org#"
PROV: Final = "http://www.w3.org/ns/prov#"
OA: Final = "http://www.w3.org/ns/oa#"
DCAT: Final = "http://www.w3.org/ns/dcat#"
DCATAP: Final = "http://data.europa.eu/r5r/"
DCT: Final = "http://purl.org/dc/terms/"
FOAF: Final = "http://xmlns.com/foaf/0.1/"
SCHEMA: Final = "https://schema.org/"
GEO: Final = "http://www.opengis.net/ont/geosparql#"
GEOF: Final = "http://www.opengis.net/def/function/geosparql/"
LOCN: Final = "http://www.w3.org/ns/locn#"
ODRS: Final = "http://schema.theodi.org/odrs#"
VCARD: Final = "http://www.w3.org/2006/vcard/ns#"
SPDX: Final = "http://spdx.org/rdf/terms#"
ADMS: Final = "http://www.w3.org/ns/adms#"
EURIO: Final = "http://data.europa.eu/s66#"
VANN: Final = "http://purl.org/vocab/vann/"
VOID: Final = "http://rdfs.org/ns/void#"
VS: Final = "http://www.w3.org/2003/06/sw-vocab-status/ns#"

PREFIXES: Final[dict[str, str]] = {
    "adms": ADMS,
    "dcat": DCAT,
    "dcatap": DCATAP,
    "dct": DCT,
    "eurio": EURIO,
    "foaf": FOAF,
    "geo": GEO,
    "geof": GEOF,
    "kg": KG,
    "kgsh": KGSH,
    "locn": LOCN,
    "oa": OA,
    "odrs": ODRS,
    "org": ORG,
    "owl": OWL,
    "prov": PROV,
    "rdf": RDF,
    "rdfs": RDFS,
    "schema": SCHEMA,
    "sh": SH,
    "skos": SKOS,
    "spdx": SPDX,
    "vann": VANN,
    "vcard": VCARD,
    "void": VOID,
    "vs": VS,
    "xsd": XSD,
}


def shorten(iri: str) -> str:
    """Give the CURIE of an IRI where a known prefix covers it, else the IRI itself.

    >>> shorten("http://www.w3.org/ns/org#member")
    'org:member'
    >>> shorten("https://example.org/x")
    'https://example.org/x'
    """
    fitting = [(ns, prefix) for prefix, ns in PREFIXES.items() if iri.startswith(ns) and iri != ns]
    if not fitting:
        return iri
    namespace, prefix = max(fitting, key=lambda pair: len(pair[0]))
    local = iri[len(namespace) :]
    return f"{prefix}:{local}" if local.replace("-", "").replace("_", "").isalnum() else iri
