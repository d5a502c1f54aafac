"""How alike two profiles are, as a number that depends on these two alone.

    score = 0.70 × name + 0.20 × place + 0.10 × kind

A pair that scores :data:`MERGE` or more is one actor, one that scores :data:`DOUBT` or more is
doubtful and a person decides, the rest are two. Some pairs are two whatever they score: see
:func:`apart`.
"""

from dataclasses import dataclass
from math import cos, hypot, radians
from typing import Final

from klustergraf.identity.external_ids import HARD_SCHEMES, SOFT_SCHEMES
from klustergraf.identity.kinds import UNKNOWN, group_of, kind_likeness, kinds_are_apart
from klustergraf.identity.normalisation import COMPANY_FORMS, NameKey, differ_by_one, fits_lost
from klustergraf.identity.profiles import CLOSED_SOURCES, PART_WEIGHT, Profile, county_of

MERGE: Final = 0.85
DOUBT: Final = 0.70

HOPELESS: Final = 0.55
"""A pair whose names are less alike scores too low whatever its place and kind, which stay out."""

NAME_WEIGHT: Final = 0.70
PLACE_WEIGHT: Final = 0.20
KIND_WEIGHT: Final = 0.10

NO_COUNTRY: Final = 0.4
NO_COUNTRY_COMPANY: Final = 0.2

OTHER_NAME: Final = 0.25
"""The place of a pair whose towns are called differently: towns have several names."""

_SAME_PLACE_KM, _NEAR_KM = 10.0, 50.0

# Words that make another actor of a name when they stand in one of the two names only.
DISTINGUISHING: Final = frozenset((
    "innovation", "holding", "hospital", "sjukhu", "universitetssjukhu", "development",
    "utveckling", "library", "bibliotek", "press", "school", "department", "institution",
    "division", "unit", "enhet", "institut", "institute", "center", "faculty", "fakultet",
    "student", "alumni", "venture", "invest", "investment", "fund", "fond", "kommun",
    "municipality", "region", "landsting", "county", "lan", "lansstyrelse", "university",
    "universitet", "hogskola", "college", "science", "park", "research", "forskning",
    "incubator", "inkubator", "academy", "akademi", "network", "natverk", "clinic", "klinik",
    "hospitals", "group", "international", "europe", "nordic", "sweden", "sverige", "museum",
    "laboratory", "laboratorium", "service", "system", "consulting", "konsult", "energy",
    "capital", "medical", "pharma", "diagnostic", "technology",
))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Score:
    """A score and its parts, each from 0 to 1."""

    total: float
    name: float
    place: float
    kind: float


def score(left: Profile, right: Profile) -> Score:
    """Score a pair.

    ``name`` is the best over the full names of both (acronyms prove nothing and take no part):
    1.00 the same words in the same order; 0.95 in another order (eight letters at least), or when
    letters that a source lost (U+FFFD) are read as vowels; 0.90 when they differ by one letter in
    ten or more (and in no short word: "Paris II" is not "Paris III"); else 0.85 × Dice's
    coefficient of the two sets of words, and at most 0.30 when a word such as "hospital" or
    "holding" stands in one of them only. A name without its acronym ("YKI, Ytkemiska institutet")
    or with its country as a word ("WSP Sverige" for "WSP (Sweden)") counts 0.97 of that, one of the
    two parts of a name 0.75 (both parts together 1.00), a name of four letters or fewer 0.90; two
    different legal forms take 0.25 away. Label, alias and former name count alike: which is which
    differs between sources.

    ``place`` is 1.00 for the same town, municipality or postal code, or within 10 km; 0.75 in the
    same county or within 50 km; 0.50 when one side does not tell (0.40 when it does not even tell
    the country, 0.20 for companies, which have subsidiaries of one name in many); 0.25 when the
    towns are called differently but the table does not have both; else 0. Two limited companies of
    one country with one name count 0.50 at least: in Sweden, a company's name is protected in the
    whole country.

    ``kind`` is 1.00 for the same kind or two that go together, else 0.50: one side does not tell,
    or sources call one actor by different kinds. (Kinds that exclude each other: :func:`apart`.)

    Source: Dice, L. R. (1945), Measures of the amount of ecologic association between species,
    Ecology 26(3), doi:10.2307/1932409.
    """
    name = round(name_likeness(left, right), 3)
    if name < HOPELESS:
        return Score(round(NAME_WEIGHT * name, 3), name, 0.0, 0.0)
    place = place_likeness(left, right)
    if name >= 0.9 and place < UNKNOWN and left.forms & right.forms & COMPANY_FORMS:
        place = UNKNOWN
    kind = kind_likeness(left.kind, right.kind)
    total = NAME_WEIGHT * name + PLACE_WEIGHT * place + KIND_WEIGHT * kind
    return Score(round(total, 3), name, place, kind)


def name_likeness(left: Profile, right: Profile) -> float:
    """Compare the names of two profiles, as :func:`score` says."""
    if _holds_both_parts(left, right) or _holds_both_parts(right, left):
        return 1.0
    best = 0.0
    for left_key, left_weight in left.names:
        for right_key, right_weight in right.names:
            weight = min(left_weight, right_weight)
            if weight > best:
                best = max(best, weight * compare_names(left_key, right_key))
    return best


def _holds_both_parts(whole: Profile, other: Profile) -> bool:
    if not whole.joint:
        return False
    names = {key.compact for key, weight in other.names if weight > PART_WEIGHT} | other.acronyms
    return any(both <= names for both in whole.joint)


def compare_names(left: NameKey, right: NameKey) -> float:
    """Compare two names, as :func:`score` says, without the weight of their sort."""
    if left.compact == right.compact:
        likeness = 0.9 if left.is_short else 1.0
    elif _same_words(left, right) or fits_lost(left.compact, right.compact):
        likeness = 0.95
    elif _is_misspelt(left, right):
        likeness = 0.9
    else:
        shared = len(left.words & right.words)
        if not shared:
            return 0.0
        likeness = 0.85 * 2 * shared / (len(left.words) + len(right.words))
        if (left.words ^ right.words) & DISTINGUISHING:
            likeness = min(likeness, 0.3)
    if left.forms and right.forms and not left.forms & right.forms and not _translates(left, right):
        likeness -= 0.25
    return max(likeness, 0.0)


def _same_words(left: NameKey, right: NameKey) -> bool:
    return left.words == right.words and len(left.compact) >= 8


def _translates(left: NameKey, right: NameKey) -> bool:
    """Tell whether one name says in English (Ltd, Corporation) that it is a company."""
    forms = left.forms | right.forms
    return bool(forms & {"ltd", "inc"}) and forms <= COMPANY_FORMS


def _is_misspelt(left: NameKey, right: NameKey) -> bool:
    """Tell whether one long name is the other with a slip in it; "Paris II" and "Paris III" no."""
    if len(left.compact) < 10 or not differ_by_one(left.compact, right.compact):
        return False
    return all(len(word) > 3 for word in left.words ^ right.words)


def place_likeness(left: Profile, right: Profile) -> float:
    """Compare where two profiles are, as :func:`score` says."""
    shared = left.places & right.places
    if any(place != county_of(place) for place in shared) or _same_postal_code(left, right):
        return 1.0
    distance = _distance_km(left, right)
    if distance is not None:
        return 1.0 if distance <= _SAME_PLACE_KM else 0.75 if distance <= _NEAR_KM else 0.0
    if not left.country or not right.country:
        companies = group_of(left.kind) == group_of(right.kind) == "company"
        return NO_COUNTRY_COMPANY if companies else NO_COUNTRY
    if not left.places or not right.places:
        return UNKNOWN
    counties = [{county_of(place) for place in profile.places} for profile in (left, right)]
    if "" in counties[0] | counties[1]:
        return OTHER_NAME
    return 0.75 if counties[0] & counties[1] else 0.0


def _same_postal_code(left: Profile, right: Profile) -> bool:
    codes = [
        code.removeprefix("SE").removeprefix("S") for code in (left.postal_code, right.postal_code)
    ]
    if left.country == right.country == "SE":
        return len(codes[0]) == len(codes[1]) == 5 and codes[0][:3] == codes[1][:3]
    return left.country == right.country and codes[0] == codes[1] and len(codes[0]) > 3


def _distance_km(left: Profile, right: Profile) -> float | None:
    """Measure on a plane, which is close enough for tens of kilometres."""
    if left.point is None or right.point is None:
        return None
    north = (left.point[0] - right.point[0]) * 111.2
    east = (left.point[1] - right.point[1]) * 111.2 * cos(radians(left.point[0]))
    return hypot(north, east)


def apart(left: Profile, right: Profile) -> str:
    """Say why two profiles cannot be one actor by name, or "" when they can.

    They cannot when both are known, come from one source that keeps its actors apart, lie in
    different countries, are of kinds that exclude each other or have different identifiers of one
    scheme.
    """
    if left.iri and right.iri:
        return "both have an IRI"
    if left.source == right.source and left.source in CLOSED_SOURCES:
        return f"{left.source} keeps them apart"
    if left.country and right.country and left.country != right.country:
        return f"different countries ({left.country}, {right.country})"
    if kinds_are_apart(left.kind, right.kind):
        return f"different kinds ({left.kind}, {right.kind})"
    for scheme in (*HARD_SCHEMES, *SOFT_SCHEMES):
        values = left.ids.get(scheme), right.ids.get(scheme)
        if values[0] and values[1] and not values[0] & values[1]:
            return f"different {scheme}"
    return ""


def clearly_different(left: Profile, right: Profile) -> str:
    """Say why two profiles with a shared identifier still look like two, or "" when they do not."""
    if left.country and right.country and left.country != right.country:
        return f"different countries ({left.country}, {right.country})"
    if kinds_are_apart(left.kind, right.kind):
        return f"different kinds ({left.kind}, {right.kind})"
    nothing_shared = left.names and right.names and name_likeness(left, right) == 0.0
    if nothing_shared and not left.acronyms & right.acronyms and place_likeness(left, right) == 0.0:
        return "different names in different places"
    return ""
