"""The catalogue of a version as DCAT-AP-SE 3.0.1, for the Swedish data portal and others.

Source: https://docs.dataportal.se/dcat/3.0.1/sv/ and https://semiceu.github.io/DCAT-AP/releases/3.0.1/
"""

from dataclasses import dataclass, field

import pyoxigraph as ox

from klustergraf.description.statements import Statements
from klustergraf.description.void import TITLE
from klustergraf.namespaces import (
    BASE,
    DCAT,
    DCATAP,
    DCT,
    FOAF,
    ONTOLOGY,
    OWL,
    RDF,
    RDFS,
    SKOS,
    SPDX,
    VCARD,
    XSD,
)

# As the Swedish data portal knows licences: by http, and with a slash at the end.
LICENCE = "http://creativecommons.org/licenses/by/4.0/"
# Sweden asks that what a catalogue says itself, the data apart, is free of conditions.
CATALOGUE_LICENCE = "http://creativecommons.org/publicdomain/zero/1.0/"
DOCUMENT = BASE + "datasets/dcat"
# A publisher that is not named by a number, and the contact point of any.
UNNAMED_PUBLISHER = DOCUMENT + "#publisher"
CONTACT = DOCUMENT + "#contact"
PREFIXES = {
    "dcat": DCAT, "dcatap": DCATAP, "dct": DCT, "foaf": FOAF, "owl": OWL, "rdf": RDF,
    "rdfs": RDFS, "skos": SKOS, "spdx": SPDX, "vcard": VCARD, "xsd": XSD,
}  # fmt: skip

_AUTHORITY = "http://publications.europa.eu/resource/authority/"
_PUBLISHER_TYPES = "http://purl.org/adms/publishertype/"
_IANA = "http://www.iana.org/assignments/media-types/"
_STABLE = "planned-availability/STABLE"
_LANGUAGES = [_AUTHORITY + "language/SWE", _AUTHORITY + "language/ENG"]
_DESCRIPTION = {
    "sv": "Vem som verkar inom life science i Stockholm och Uppsala, vem som samarbetar med vem "
    "och genom vad, vilka avtal, strategier och anläggningar som finns, med belägg för varje "
    "uppgift. Inga personuppgifter.",
    "en": "Who works in life science in Stockholm and Uppsala, who works with whom and through "
    "what, and which agreements, strategies and facilities there are, with evidence for every "
    "fact. No personal data.",
}
_KEYWORDS = {
    "sv": ("life science", "kunskapsgraf", "samarbete", "forskningsinfrastruktur", "länkade data"),
    "en": ("life science", "knowledge graph", "collaboration", "research infrastructure",
           "linked data"),
}  # fmt: skip


PUBLISHER_TYPES = {
    "Academia-ScientificOrganisation": {
        "sv": "akademi eller forskningsorganisation", "en": "academia or scientific organisation",
    },
    "Company": {"sv": "företag", "en": "company"},
    "IndustryConsortium": {"sv": "industrikonsortium", "en": "industry consortium"},
    "LocalAuthority": {"sv": "lokal myndighet", "en": "local authority"},
    "NationalAuthority": {"sv": "nationell myndighet", "en": "national authority"},
    "NonGovernmentalOrganisation": {
        "sv": "icke-statlig organisation", "en": "non-governmental organisation",
    },
    "NonProfitOrganisation": {"sv": "ideell organisation", "en": "non-profit organisation"},
    "RegionalAuthority": {"sv": "regional myndighet", "en": "regional authority"},
    "StandardisationBody": {"sv": "standardiseringsorgan", "en": "standardisation body"},
    "SupraNationalAuthority": {"sv": "överstatlig myndighet", "en": "supranational authority"},
}  # fmt: skip
_OF_DUMP = {
    "sv": "Alla namngivna grafer i en version, oförändrad så länge den finns.",
    "en": "All named graphs of one version, unchanged for as long as it is there.",
}
_OF_TABLES = {
    "sv": "Aktörer, platser, anläggningar, projekt, deltaganden och samarbeten: en fil för varje.",
    "en": "Actors, places, facilities, projects, participations, collaborations: a file for each.",
}
# The format as an IRI of the EU's list: DCAT-AP takes no text, and DCAT-AP-SE's forms take either.
_FILE_TYPES = _AUTHORITY + "file-type/"
_FILE_TYPE = {
    "application/n-quads": "RDF_N_QUADS", "application/trig": "RDF_TRIG", "text/csv": "CSV",
}  # fmt: skip


@dataclass(frozen=True)
class _Service:
    """A service of ours. ``describes``: the address of its description."""

    title: dict[str, str]
    description: dict[str, str]
    path: str
    describes: str
    file_type: str


_SERVICES = {
    "sparql": _Service(
        {"sv": "SPARQL-tjänst", "en": "SPARQL endpoint"},
        {
            "sv": "Frågor i SPARQL 1.1 till alla namngivna grafer, även i äldre versioner.",
            "en": "Queries in SPARQL 1.1 to all named graphs, of earlier versions too.",
        },
        "sparql", "sparql", "SPARQLQRES",
    ),
    "api": _Service(
        {"sv": "REST-gränssnitt", "en": "REST interface"},
        {
            "sv": "Sökning, lagrade frågor, nätverk, strategi och versioner som JSON och CSV.",
            "en": "Search, stored questions, networks, strategy and versions as JSON and CSV.",
        },
        "", "openapi.json", "JSON",
    ),
}  # fmt: skip


@dataclass(frozen=True)
class Publisher:
    """Who publishes, and how to reach that organisation; never a person.

    ``organisation_number``: ten digits; with it the publisher is named as the Swedish data portal
    names organisations. ``email`` empty: none is stated. ``kind``: a name of ADMS's list of
    publisher types, or nothing.
    """

    name: str = "Klustergraf"
    organisation_number: str = ""
    email: str = ""
    kind: str = ""

    @property
    def iri(self) -> str:
        """The IRI of the organisation."""
        if self.organisation_number:
            return f"http://dataportal.se/organisation/SE{self.organisation_number}"
        return UNNAMED_PUBLISHER


@dataclass(frozen=True)
class DumpFile:
    """A file of a version to be downloaded. ``sha256`` and ``size`` empty: not made yet."""

    name: str
    media_type: str
    title: dict[str, str]
    packing: str = ""
    sha256: str = ""
    size: int = 0


@dataclass(frozen=True)
class CatalogueSubject:
    """What a catalogue describes. ``created`` and ``first`` are ISO 8601 times.

    ``tables``: names of files in CSV. ``years``: the first and the last year that the data is
    about, or nothing.
    """

    version_id: str
    created: str
    first: str
    public_url: str
    publisher: Publisher = field(default_factory=Publisher)
    dumps: tuple[DumpFile, ...] = ()
    tables: tuple[str, ...] = ()
    years: tuple[str, ...] = ()


def describe_catalogue(subject: CatalogueSubject) -> list[ox.Triple]:
    """Describe the dataset, its distributions and its services; the address ends with a slash."""
    said = Statements()
    catalogue, dataset = DOCUMENT + "#catalogue", DOCUMENT + "#dataset"
    contact, sparql, rest = CONTACT, DOCUMENT + "#sparql", DOCUMENT + "#api"
    publisher = subject.publisher
    said.a(catalogue, DCAT + "Catalog")
    said.a(dataset, DCAT + "Dataset")
    for iri in (catalogue, dataset):
        said.texts(iri, DCT + "title", TITLE)
        said.texts(iri, DCT + "description", _DESCRIPTION)
        said.link(iri, DCT + "publisher", publisher.iri)
        said.link(iri, DCT + "language", *_LANGUAGES)
        said.typed(iri, DCT + "issued", subject.first, "dateTime")
        said.typed(iri, DCT + "modified", subject.created, "dateTime")
        said.link(iri, DCT + "spatial", _AUTHORITY + "country/SWE")
    said.link(catalogue, DCT + "license", CATALOGUE_LICENCE)
    said.link(dataset, DCT + "license", LICENCE)
    said.link(catalogue, FOAF + "homepage", subject.public_url)
    said.link(catalogue, DCAT + "themeTaxonomy", _AUTHORITY + "data-theme")
    said.link(catalogue, DCAT + "dataset", dataset)
    said.link(catalogue, DCAT + "service", sparql, rest)
    said.a(publisher.iri, FOAF + "Agent", FOAF + "Organization")
    said.say(publisher.iri, FOAF + "name", ox.Literal(publisher.name))
    if publisher.kind:
        kind = _PUBLISHER_TYPES + publisher.kind
        said.link(publisher.iri, DCT + "type", kind)
        said.texts(kind, SKOS + "prefLabel", PUBLISHER_TYPES[publisher.kind])
    said.a(contact, VCARD + "Organization", VCARD + "Kind")
    said.say(contact, VCARD + "fn", ox.Literal(publisher.name))
    if publisher.email:
        said.link(contact, VCARD + "hasEmail", f"mailto:{publisher.email}")
    said.link(contact, VCARD + "hasURL", subject.public_url)
    _describe_dataset(said, dataset, contact, subject)
    _describe_services(said, dataset, contact, subject)
    _name_kinds(said)
    return said.triples


def _describe_dataset(
    said: Statements, dataset: str, contact: str, subject: CatalogueSubject
) -> None:
    _say_keywords(said, dataset)
    said.link(dataset, DCAT + "theme", *(_AUTHORITY + f"data-theme/{t}" for t in ("HEAL", "TECH")))
    said.link(dataset, DCAT + "contactPoint", contact)
    said.link(dataset, DCT + "accessRights", _AUTHORITY + "access-right/PUBLIC")
    said.link(dataset, DCT + "accrualPeriodicity", _AUTHORITY + "frequency/IRREG")
    said.link(dataset, DCT + "conformsTo", ONTOLOGY)
    if subject.years:
        period = dataset + "/period"
        said.link(dataset, DCT + "temporal", period)
        said.typed(period, DCAT + "startDate", subject.years[0], "gYear")
        said.typed(period, DCAT + "endDate", subject.years[1], "gYear")
    said.say(dataset, DCAT + "version", ox.Literal(subject.version_id))
    said.say(dataset, DCT + "identifier", ox.Literal(dataset))
    said.link(dataset, DCAT + "landingPage", subject.public_url)
    said.link(dataset, FOAF + "page", subject.public_url + "ontology")
    for dump in subject.dumps:
        _describe_dump(said, dataset, subject, dump)
    if subject.tables:
        _describe_tables(said, dataset, subject)


def _describe_dump(
    said: Statements, dataset: str, subject: CatalogueSubject, dump: DumpFile
) -> None:
    own = f"{DOCUMENT}#dump/{dump.name}"
    _describe_files(said, dataset, own, subject, (dump.name,), dump.media_type)
    said.texts(own, DCT + "title", dump.title)
    said.texts(own, DCT + "description", _OF_DUMP)
    if dump.packing:
        said.link(own, DCAT + "compressFormat", _IANA + dump.packing)
    if dump.sha256:
        checksum = f"{own}/checksum"
        said.link(own, SPDX + "checksum", checksum)
        said.a(checksum, SPDX + "Checksum")
        said.link(checksum, SPDX + "algorithm", SPDX + "checksumAlgorithm_sha256")
        said.typed(checksum, SPDX + "checksumValue", dump.sha256, "hexBinary")
        said.typed(own, DCAT + "byteSize", dump.size, "nonNegativeInteger")


def _describe_tables(said: Statements, dataset: str, subject: CatalogueSubject) -> None:
    # In Sweden the files of one distribution are each its downloadURL, until DCAT says how else.
    own = DOCUMENT + "#dump/tables"
    _describe_files(said, dataset, own, subject, subject.tables, "text/csv")
    said.texts(own, DCT + "title", {"sv": "Tabeller, CSV", "en": "Tables, CSV"})
    said.texts(own, DCT + "description", _OF_TABLES)


def _describe_files(
    said: Statements,
    dataset: str,
    own: str,
    subject: CatalogueSubject,
    names: tuple[str, ...],
    media_type: str,
) -> None:
    address = f"{subject.public_url}dumps/{subject.version_id}"
    said.link(dataset, DCAT + "distribution", own)
    said.a(own, DCAT + "Distribution")
    said.link(own, DCT + "format", _FILE_TYPES + _FILE_TYPE[media_type])
    said.link(own, DCAT + "accessURL", address)
    said.link(own, DCAT + "downloadURL", *(f"{address}/{name}" for name in names))
    said.link(own, DCT + "license", LICENCE)
    said.link(own, DCAT + "mediaType", _IANA + media_type)
    said.link(own, DCATAP + "availability", _AUTHORITY + _STABLE)
    said.typed(own, DCT + "modified", subject.created, "dateTime")


def _describe_services(
    said: Statements, dataset: str, contact: str, subject: CatalogueSubject
) -> None:
    url = subject.public_url
    for name, service in _SERVICES.items():
        own, distribution = f"{DOCUMENT}#{name}", f"{DOCUMENT}#distribution/{name}"
        said.a(own, DCAT + "DataService")
        said.a(distribution, DCAT + "Distribution")
        for iri in (own, distribution):
            said.texts(iri, DCT + "title", service.title)
            said.texts(iri, DCT + "description", service.description)
            said.link(iri, DCT + "license", LICENCE)
            said.link(iri, DCT + "format", _FILE_TYPES + service.file_type)
        said.link(own, DCAT + "endpointURL", url + service.path)
        descriptions = dict.fromkeys((url + service.describes, url + "openapi.json"))
        said.link(own, DCAT + "endpointDescription", *descriptions)
        said.link(own, DCAT + "servesDataset", dataset)
        said.link(own, DCAT + "contactPoint", contact)
        said.link(own, DCT + "publisher", subject.publisher.iri)
        said.link(own, DCT + "accessRights", _AUTHORITY + "access-right/PUBLIC")
        _say_keywords(said, own)
        said.link(dataset, DCAT + "distribution", distribution)
        said.link(distribution, DCAT + "accessURL", url + (service.path or service.describes))
        said.link(distribution, DCAT + "accessService", own)
        said.link(distribution, DCATAP + "availability", _AUTHORITY + _STABLE)


def _say_keywords(said: Statements, iri: str) -> None:
    for language, words in _KEYWORDS.items():
        for word in words:
            said.say(iri, DCAT + "keyword", ox.Literal(word, language=language))


def _name_kinds(said: Statements) -> None:
    """State what the things of others are that are named here, as the profile wants it told."""
    for triple in tuple(said.triples):
        kind = _KINDS.get(triple.predicate.value)
        if kind is not None and isinstance(triple.object, ox.NamedNode):
            statement = ox.Triple(triple.object, ox.NamedNode(RDF + "type"), ox.NamedNode(kind))
            if statement not in said.triples:
                said.triples.append(statement)
    for iri, label in _LABELS.items():
        title = DCT + "title" if iri.endswith("data-theme") else SKOS + "prefLabel"
        said.texts(iri, title, label)


_LABELS = {
    _AUTHORITY + "data-theme": {"sv": "Datateman", "en": "Data theme"},
    _AUTHORITY + "data-theme/HEAL": {"sv": "Hälsa", "en": "Health"},
    _AUTHORITY + "data-theme/TECH": {
        "sv": "Vetenskap och teknik", "en": "Science and technology",
    },
    _AUTHORITY + _STABLE: {"sv": "stabil", "en": "stable"},
}  # fmt: skip
# The class of what a property leads to, as DCAT-AP 3.0.1 has it.
_KINDS = {
    DCT + "accessRights": DCT + "RightsStatement",
    DCT + "accrualPeriodicity": DCT + "Frequency",
    DCT + "conformsTo": DCT + "Standard",
    DCT + "format": DCT + "MediaTypeOrExtent",
    DCT + "language": DCT + "LinguisticSystem",
    DCT + "license": DCT + "LicenseDocument",
    DCT + "spatial": DCT + "Location",
    DCT + "temporal": DCT + "PeriodOfTime",
    DCT + "type": SKOS + "Concept",
    DCAT + "mediaType": DCT + "MediaType",
    DCAT + "compressFormat": DCT + "MediaType",
    DCAT + "landingPage": FOAF + "Document",
    DCAT + "theme": SKOS + "Concept",
    DCAT + "themeTaxonomy": SKOS + "ConceptScheme",
    DCATAP + "availability": SKOS + "Concept",
    FOAF + "homepage": FOAF + "Document",
    FOAF + "page": FOAF + "Document",
    SPDX + "algorithm": SPDX + "ChecksumAlgorithm",
}
