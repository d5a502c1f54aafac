"""Kinds of actors: which go together, and which exclude each other.

Sources tell kinds roughly: CORDIS knows five, ROR nine, and CORDIS counts university hospitals
among the places of education. So a different kind seldom proves anything, and only what nothing can
be at once keeps two actors apart.
"""

from typing import Final

UNKNOWN: Final = 0.5
"""The likeness of a place or kind that one side does not tell."""

_GROUPS: Final[dict[str, str]] = {
    "Actor": "any", "Association": "any", "ClusterOrganisation": "any", "Fund": "any",
    "Funder": "any", "Investor": "any", "Museum": "any", "NetworkOrganisation": "any",
    "NonProfitOrganisation": "any", "ResearchCentre": "any", "ResearchInstitute": "any",
    "ResearchOrganisation": "any",
    "EducationOrganisation": "teaching", "HigherEducationInstitution": "education",
    "University": "education", "UniversityCollege": "education",
    "HealthCareProvider": "care", "Hospital": "hospital", "UniversityHospital": "hospital",
    "Company": "company", "StartUp": "company", "HoldingCompany": "company",
    "PublicBody": "public", "Agency": "agency", "CountyAdministrativeBoard": "board",
    "RegionalAuthority": "region", "MunicipalAuthority": "municipality",
    "Foundation": "foundation", "ChamberOfCommerce": "chamber", "Cluster": "cluster",
    "OrganisationalUnit": "unit", "GoverningBody": "unit", "InnovationOffice": "unit",
    "Incubator": "support", "BusinessSupportOrganisation": "support", "SciencePark": "support",
}  # fmt: skip
# Swedish state universities are agencies; regions and municipalities are public bodies.
_ALIKE: Final = {
    frozenset(pair)
    for pair in (
        ("public", "agency"), ("public", "board"), ("public", "region"),
        ("public", "municipality"), ("agency", "board"), ("education", "agency"),
        ("education", "public"), ("education", "teaching"), ("teaching", "agency"),
        ("teaching", "public"), ("care", "hospital"), ("support", "company"),
    )
}  # fmt: skip
_APART: Final = {
    frozenset(pair)
    for pair in (
        ("education", "hospital"), ("education", "region"), ("education", "municipality"),
        ("region", "hospital"), ("region", "municipality"), ("region", "board"),
        ("region", "company"), ("municipality", "company"), ("municipality", "hospital"),
        ("municipality", "board"), ("municipality", "unit"), ("region", "unit"),
        ("municipality", "foundation"), ("region", "foundation"), ("board", "company"),
        ("agency", "hospital"), ("agency", "region"), ("agency", "municipality"),
        ("unit", "agency"), ("unit", "education"), ("unit", "hospital"),
    )
}  # fmt: skip


def group_of(kind: str) -> str:
    """Give the group of a kind; ``any`` for those that say nothing of what an actor is."""
    return _GROUPS.get(kind, kind)


def kind_likeness(left: str, right: str) -> float:
    """Compare two kinds: 1.00 when they go together, 0.50 when a source may mean the other.

    >>> kind_likeness("University", "HigherEducationInstitution"), kind_likeness("Actor", "Company")
    (1.0, 0.5)
    """
    groups = (group_of(left), group_of(right))
    if "any" in groups:
        return 1.0 if left == right != "Actor" else UNKNOWN
    return 1.0 if groups[0] == groups[1] or frozenset(groups) in _ALIKE else UNKNOWN


def kinds_are_apart(left: str, right: str) -> bool:
    """Tell whether nothing can be of both kinds: a region and a hospital, a university and a unit.

    >>> kinds_are_apart("University", "UniversityHospital"), kinds_are_apart("University", "Agency")
    (True, False)
    """
    return frozenset((group_of(left), group_of(right))) in _APART
