"""What the tables are: for each kind its columns, their headers in both languages, their values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final, Literal

from klustergraf.namespaces import FOAF, KG, ORG, SCHEMA, SKOS

Language = Literal["sv", "en"]
KindName = Literal["actors", "testbeds", "projects", "collaborations"]
Value = Literal[
    "slug", "text", "class", "place", "areas", "actors", "date", "url", "boolean", "ror", "orgnr",
    "wikidata",
]  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column. ``predicate``: what a cell states of the row's thing; "" when it states more.

    ``language``: that of a text. ``about``: what to write, for whoever fills the table in.
    ``also_called``: other headers that are understood.
    """

    name: str
    headers: Mapping[str, str]
    about: Mapping[str, str]
    example: Mapping[str, str]
    value: Value = "text"
    predicate: str = ""
    language: str = ""
    is_required: bool = False
    also_called: tuple[str, ...] = ()

    def titles(self) -> set[str]:
        """Give all that its header may be, folded."""
        named = (self.name, *self.headers.values(), *self.also_called)
        return {fold_header(one) for one in named}


@dataclass(frozen=True)
class TableKind:
    """One kind of table. ``segment``: the kind in the IRIs of its things.

    ``classes``: the class of what a row can be, or the superclass of what it can be; ``choices``:
    those alone, when not all subclasses are meant.
    """

    name: KindName
    titles: Mapping[str, str]
    about: Mapping[str, str]
    segment: str
    base_class: str
    columns: tuple[Column, ...]
    choices: tuple[str, ...] = ()

    def column(self, header: str) -> Column | None:
        """Find the column that a header names, by its name or its title in either language."""
        folded = fold_header(header)
        for column in self.columns:
            if folded in column.titles():
                return column
        return None


def fold_header(header: str) -> str:
    """Make headers alike that differ in case, spaces, underscores and a star for "required".

    >>> fold_header(" Name_in  English *")
    'name in english'
    """
    return " ".join(re.sub(r"[\s_\-]+", " ", header.replace("*", " ")).casefold().split())


def _both(swedish: str, english: str) -> dict[str, str]:
    return {"sv": swedish, "en": english}


def _id(example: str) -> Column:
    return Column(
        "id",
        _both("Id", "Id"),
        _both(
            "Ett kort namn som ni väljer och aldrig ändrar: a–z, siffror och bindestreck.",
            "A short name that you choose and never change: a–z, digits and hyphens.",
        ),
        _both(example, example),
        value="slug",
        is_required=True,
    )


def _names(swedish: str, english: str) -> tuple[Column, Column]:
    return (
        Column(
            "name_sv",
            _both("Namn på svenska", "Name in Swedish"),
            _both("Det officiella namnet på svenska.", "The official name in Swedish."),
            _both(swedish, swedish),
            predicate=SKOS + "prefLabel",
            language="sv",
            is_required=True,
        ),
        Column(
            "name_en",
            _both("Namn på engelska", "Name in English"),
            _both("Det officiella namnet på engelska.", "The official name in English."),
            _both(english, english),
            predicate=SKOS + "prefLabel",
            language="en",
            is_required=True,
        ),
    )


def _kind(swedish: str, english: str) -> Column:
    return Column(
        "kind",
        _both("Slag", "Kind"),
        _both("Välj ur listan.", "Choose from the list."),
        _both(swedish, english),
        value="class",
        is_required=True,
    )


_PLACE: Final = Column(
    "place",
    _both("Kommun eller plats", "Municipality or place"),
    _both("Kommunens namn, eller en plats som grafen har.", "A municipality or place by its name."),
    _both("Huddinge", "Huddinge"),
    value="place",
    predicate=KG + "locatedIn",
    also_called=("kommun", "plats", "municipality"),
)
_WEBSITE: Final = Column(
    "website",
    _both("Webbplats", "Website"),
    _both("Adressen, med https://.", "The address, with https://."),
    _both("https://www.example.org/", "https://www.example.org/"),
    value="url",
    predicate=FOAF + "homepage",
)
_AREAS: Final = Column(
    "priority_areas",
    _both("Prioriterade områden", "Priority areas"),
    _both(
        "Beteckningar eller namn ur strategin, med semikolon mellan.",
        "Notations or names of the strategy, with semicolons between.",
    ),
    _both("A2; E1", "A2; E1"),
    value="areas",
    predicate=KG + "contributesTo",
)
_HOW_ACTORS: Final = _both(
    "Aktörer, med semikolon mellan: namn, ROR, organisationsnummer eller adress (IRI).",
    "Actors, with semicolons between: name, ROR, organisation number or IRI.",
)


def _actors(
    name: str,
    swedish: str,
    english: str,
    example: str,
    *,
    predicate: str = "",
    is_required: bool = False,
) -> Column:
    return Column(
        name,
        _both(swedish, english),
        _HOW_ACTORS,
        _both(example, example),
        value="actors",
        predicate=predicate,
        is_required=is_required,
    )


def _date(name: str, swedish: str, english: str, example: str, predicate: str = "") -> Column:
    return Column(
        name,
        _both(swedish, english),
        _both("ÅÅÅÅ, ÅÅÅÅ-MM eller ÅÅÅÅ-MM-DD.", "YYYY, YYYY-MM or YYYY-MM-DD."),
        _both(example, example),
        value="date",
        predicate=predicate,
    )


ACTORS: Final = TableKind(
    "actors",
    _both("Aktörer", "Actors"),
    _both(
        "Företag, lärosäten, stiftelser och andra organisationer, en på varje rad. Aktörer som "
        "grafen redan har läggs inte till igen.",
        "Companies, universities, foundations and other organisations, one a row. Actors that the "
        "graph has already are not added again.",
    ),
    "actor",
    KG + "Actor",
    (
        _id("labbolaget"),
        *_names("Labbolaget AB", "The Lab Company"),
        _kind("företag", "company"),
        _PLACE,
        _WEBSITE,
        Column(
            "ror",
            _both("ROR", "ROR"),
            _both("Som https://ror.org/012345678.", "Such as https://ror.org/012345678."),
            _both("", ""),
            value="ror",
            predicate=SCHEMA + "sameAs",
        ),
        Column(
            "organisation_number",
            _both("Organisationsnummer", "Organisation number"),
            _both(
                "Tio siffror. Aldrig ett personnummer.",
                "Ten digits. Never a personal identity number.",
            ),
            _both("", ""),
            value="orgnr",
            predicate=KG + "organisationNumber",
        ),
        Column(
            "wikidata",
            _both("Wikidata", "Wikidata"),
            _both("Som Q219564.", "Such as Q219564."),
            _both("", ""),
            value="wikidata",
            predicate=SCHEMA + "sameAs",
        ),
        _date("founded", "Grundad", "Founded", "2019", SCHEMA + "foundingDate"),
        _actors("part_of", "Del av", "Part of", "", predicate=ORG + "subOrganizationOf"),
        _AREAS,
    ),
)

TESTBEDS: Final = TableKind(
    "testbeds",
    _both("Testbäddar", "Testbeds"),
    _both(
        "Testbäddar, forskningsinfrastrukturer, biobanker och labb, en på varje rad.",
        "Testbeds, research infrastructures, biobanks and labs, one a row.",
    ),
    "facility",
    KG + "Facility",
    (
        _id("vatlabbet"),
        *_names("Våtlabbet", "The Wet Lab"),
        _kind("testbädd", "testbed"),
        _actors(
            "operated_by", "Drivs av", "Operated by", "Karolinska Institutet",
            predicate=KG + "isOperatedBy", is_required=True,
        ),
        _actors("partners", "Medverkande", "Partners", "", predicate=KG + "hasPartner"),
        _PLACE,
        _WEBSITE,
        Column(
            "field_of_use_sv",
            _both("Användning på svenska", "Use in Swedish"),
            _both("Vad den används till, med några ord.", "What it is used for, in a few words."),
            _both("provning av diagnostik", "provning av diagnostik"),
            predicate=KG + "fieldOfUse",
            language="sv",
        ),
        Column(
            "field_of_use_en",
            _both("Användning på engelska", "Use in English"),
            _both("Vad den används till, med några ord.", "What it is used for, in a few words."),
            _both("testing of diagnostics", "testing of diagnostics"),
            predicate=KG + "fieldOfUse",
            language="en",
        ),
        Column(
            "open_to_companies",
            _both("Öppen för företag", "Open to companies"),
            _both("ja eller nej; tomt om det inte är känt.", "yes or no; empty if not known."),
            _both("ja", "yes"),
            value="boolean",
            predicate=KG + "isOpenToCompanies",
        ),
        _AREAS,
    ),
)  # fmt: skip

PROJECTS: Final = TableKind(
    "projects",
    _both("Projekt", "Projects"),
    _both(
        "Projekt, ett på varje rad. De som deltar i samma projekt samverkar genom det.",
        "Projects, one a row. Those that take part in the same project collaborate through it.",
    ),
    "project",
    KG + "Project",
    (
        _id("snabbprov"),
        *_names("Snabbare provsvar", "Faster test results"),
        _date("start", "Start", "Start", "2026-01", SCHEMA + "startDate"),
        _date("end", "Slut", "End", "2028", SCHEMA + "endDate"),
        _actors(
            "initiated_by", "Initiativtagare", "Initiated by", "Karolinska Institutet",
            predicate=KG + "isInitiatedBy",
        ),
        _actors("coordinator", "Samordnare", "Coordinator", "Karolinska Institutet"),
        _actors("participants", "Deltagare", "Participants", "Södertörns högskola"),
        _actors("funders", "Finansiärer", "Funders", ""),
        _PLACE,
        _WEBSITE,
        _AREAS,
    ),
)  # fmt: skip

COLLABORATIONS: Final = TableKind(
    "collaborations",
    _both("Samverkan", "Collaborations"),
    _both(
        "Överenskommelser och arbetsgrupper, en på varje rad. Grafen härleder samverkan mellan "
        "alla som är med. Gemensamma projekt och testbäddar hör hemma i sina egna tabeller.",
        "Agreements and working groups, one a row. The graph derives the collaboration of all that "
        "are in them. Common projects and testbeds belong in their own tables.",
    ),
    "agreement",
    KG + "Agreement",
    (
        _id("halsodata-2026"),
        *_names("Överenskommelse om hälsodata", "Agreement on health data"),
        _kind("överenskommelse", "agreement"),
        _actors(
            "parties", "Parter", "Parties", "Karolinska Institutet; Södertörns högskola",
            is_required=True,
        ),
        _date("start", "Från", "Since", "2026-03-01"),
        _WEBSITE,
    ),
    choices=(KG + "Agreement", KG + "LetterOfIntent", KG + "WorkingGroup"),
)  # fmt: skip

KINDS: Final[Mapping[str, TableKind]] = {
    kind.name: kind for kind in (ACTORS, TESTBEDS, PROJECTS, COLLABORATIONS)
}

ROLES: Final[Mapping[str, str]] = {
    "coordinator": "coordinator",
    "participants": "participant",
    "funders": "funder",
}
"""Columns of projects that state a participation, and its role."""
