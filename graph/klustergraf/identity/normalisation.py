"""Names and places in a form in which two sources write them alike.

Nothing here guesses: a translation of a name is an alias that some source states, never a word
that is swapped for another.
"""

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

from klustergraf.identity.countries import COUNTRY_CODES

DAMAGED: Final = "\ufffd"
"""Stands in a name where its source lost a letter."""

LOST: Final = "\u0294"
"""Stands in a folded name for such a letter: it may be any vowel."""

_LETTERS = str.maketrans(
    {"ß": "ss", "æ": "a", "ø": "o", "œ": "o", "ð": "d", "þ": "th", "ł": "l", "đ": "d"}
    | {"\u0131": "i", DAMAGED: LOST}
)
# CORDIS writes å ä ö ü as AA AE OE UE or as A A O U; both, and the letters themselves, become one.
_DIGRAPHS = re.compile("aa|ae|oe|ue")
_SINGLE = {"aa": "a", "ae": "a", "oe": "o", "ue": "u"}
_WORD = re.compile(r"[^\W_]+")
_POSSESSIVE = re.compile(r"['’`\u00b4]s\b|['’`\u00b4]")
_SAINT = re.compile(r"\bS[:.]t\b", re.IGNORECASE)
_INITIALS = re.compile(r"\b(?:\w[.:]\s?){2,}")
_PARENTHESIS = re.compile(r"\s*\(([^()]*)\)\s*$")
_PARTS = re.compile(r"\s+[-–—/|]\s+|\s{2,}")  # CORDIS turned dashes into spaces

_PHRASES = (
    ("ekonomisk forening", "ekforening"),
    ("ek forening", "ekforening"),
    ("ek for", "ekforening"),
    ("spolka z ograniczona odpowiedzialnoscia", "spzoo"),
    ("sp z oo", "spzoo"),
    ("sp z o o", "spzoo"),
    ("d o o", "doo"),
    ("e v", "ev"),
    ("ideell forening", "ideellforening"),
    ("ideella foreningar", "ideellforening"),
    ("ideella foreningen", "ideellforening"),
)
_FORMS: Final[dict[str, str]] = {
    "ab": "ab", "aktiebolag": "ab", "aktiebolaget": "ab", "aktb": "ab",
    "hb": "hb", "handelsbolag": "hb", "handelsbolaget": "hb",
    "kb": "kb", "kommanditbolag": "kb", "kommanditbolaget": "kb",
    "ekforening": "ek", "ideellforening": "if",
    "stiftelse": "stiftelse", "stiftelsen": "stiftelse", "foundation": "stiftelse",
    "foundations": "stiftelse", "stichting": "stiftelse", "stiftung": "stiftelse",
    "fondazione": "stiftelse", "fundacion": "stiftelse",
    "ltd": "ltd", "limited": "ltd", "plc": "ltd", "llp": "ltd",
    "gmbh": "gmbh", "mbh": "gmbh", "ggmbh": "gmbh", "ag": "ag", "kg": "kg",
    "inc": "inc", "incorporated": "inc", "corp": "inc", "corporation": "inc", "llc": "inc",
    "oy": "oy", "oyj": "oy", "aps": "aps", "sarl": "sarl", "srl": "srl", "spa": "spa",
    "as": "as", "asa": "as", "sa": "sa", "sl": "sl", "ev": "ev", "doo": "doo", "dd": "doo",
    "kft": "kft", "zrt": "kft", "ehf": "ehf", "sprl": "sprl", "aisbl": "asbl", "spzoo": "spzoo",
    "bv": "bv", "nv": "nv", "sas": "sas", "asbl": "asbl",
}  # fmt: skip
COMPANY_FORMS: Final = frozenset(_FORMS.values()) - {"stiftelse", "if", "asbl", "ev"}
_PLAIN: Final = {"ab", "publ"}

# What joins words, in the languages of our sources, and says nothing of which actor it is.
_JOINING: Final = frozenset((
    "the", "a", "an", "of", "and", "och", "&", "for", "i", "in", "at", "vid", "till", "to",
    "av", "von", "der", "die", "das", "und", "et", "de", "del", "di", "e", "la", "le", "publ",
    "s", f"f{LOST}r",
))  # fmt: skip
_SPELLINGS: Final[dict[str, str]] = {
    "kungl": "kunglig", "kgl": "kunglig", "kungliga": "kunglig", "kungl.": "kunglig",
    "centre": "center", "centrum": "center", "centret": "center", "sankt": "st", "saint": "st",
    "sanct": "st", "univ": "university", "labs": "laboratory", "laboratories": "laboratory",
    "laboratoriet": "laboratorium", "goteborgs": "goteborg", "gothenburg": "goteborg",
}  # fmt: skip
_DEFINITE = re.compile(
    f"(h[o{LOST}]gskola|styrelse|myndighet|kommun|stad|f[o{LOST}]rening|akademi|region"
    f"|n[a{LOST}]mnd)(?:n|en)$"
    f"|(institut|sjukhus|verk|muse|s[a{LOST}]llskap|f[o{LOST}]rbund|bolag|r[a{LOST}]d|parti|kansli"
    "|departement|landsting|bibliotek)(?:et|t|um)$"
)


_VOWELS = re.compile(f"[aeiouy{LOST}]")
_EDGES = " ,.;:()-–"
_EMPTY = frozenset({"", *_FORMS, *_JOINING})


@dataclass(frozen=True, slots=True)
class NameKey:
    """A name made comparable.

    ``compact``: its words in order, without legal form, joining words, spaces and definite
    endings; ``words``: the same as a set, without genitives; ``forms``: its legal forms (``ab``,
    ``stiftelse``, …);
    ``country``: what stood behind it in parentheses, as in "Spotify (Sweden)".
    """

    compact: str
    words: frozenset[str]
    first: str
    forms: frozenset[str]
    country: str

    @property
    def skeleton(self) -> str:
        """The name without its vowels, which is left of it when a source lost some."""
        return _VOWELS.sub("", self.compact)

    @property
    def is_short(self) -> bool:
        """Whether it is so short that others may well be called the same: SP, ABB, STAD."""
        return len(self.compact) <= 4


@lru_cache(maxsize=100_000)
def fold(text: str) -> str:
    """Give a text in lower case with å ä ö ü and their transliterations as one letter.

    >>> fold("Tekniska HOEGSKOLAN"), fold("Tekniska Högskolan"), fold("TEKNISKA HOGSKOLAN")
    ('tekniska hogskolan', 'tekniska hogskolan', 'tekniska hogskolan')
    """
    if text.isascii():
        plain = text.lower()
    else:
        lowered = unicodedata.normalize("NFKC", text).casefold().translate(_LETTERS)
        decomposed = unicodedata.normalize("NFKD", lowered)
        plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return _DIGRAPHS.sub(lambda match: _SINGLE[match[0]], plain)


@lru_cache(maxsize=100_000)
def _word(word: str) -> str:
    known = _SPELLINGS.get(word)
    if known is not None:
        return known
    word = _DEFINITE.sub(lambda match: match[1] or match[2], word)
    return word.replace("isation", "ization")


def _stem(word: str) -> str:
    """Take off the s of a genitive or plural: Stockholms, foundations."""
    if len(word) > 4 and word.endswith("s") and not word.endswith("ss"):
        return word[:-1]
    return word


def name_key(text: str) -> NameKey:
    """Make a name comparable.

    >>> name_key("KUNGLIGA TEKNISKA HOEGSKOLAN").compact == name_key("Kungl. Tekniska högskolan"
    ... ).compact
    True
    >>> name_key("AstraZeneca (Sweden)").country, sorted(name_key("ABB Aktiebolag (publ)").forms)
    ('SE', ['ab'])
    """
    text, country = split_country(text)
    text = _without_own_acronym(text)
    text = _SAINT.sub("St", text)
    text = _POSSESSIVE.sub("", _INITIALS.sub(lambda m: re.sub(r"[.:\s]", "", m[0]) + " ", text))
    folded = " ".join(_WORD.findall(fold(text)))
    folded = f" {folded} "
    for phrase, word in _PHRASES:
        folded = folded.replace(f" {phrase} ", f" {word} ")
    raw = folded.split()
    forms = frozenset(_FORMS[word] for word in raw if word in _FORMS)
    kept = [word for word in raw if word not in _FORMS and word not in _JOINING]
    if not kept:  # a name of nothing else, such as "The Foundation"
        kept = [word for word in raw if word not in _PLAIN] or raw
    plain = [_word(word) for word in kept]
    words = [_stem(word) for word in plain]
    return NameKey("".join(plain), frozenset(words), words[0] if words else "", forms, country)


def split_country(text: str) -> tuple[str, str]:
    """Part a name from the country that a register put behind it.

    >>> split_country("Spotify (Sweden)"), split_country("Centre for Building (KTH)")
    (('Spotify', 'SE'), ('Centre for Building (KTH)', ''))
    """
    match = _PARENTHESIS.search(text)
    if match and (code := COUNTRY_CODES.get(match[1].strip().casefold())):
        return text[: match.start()].strip(), code
    return text.strip(), ""


def _without_own_acronym(text: str) -> str:
    """Drop an acronym of the name itself: "Precision Medicine Center (PMC)", never "… (KTH)"."""
    match = _PARENTHESIS.search(text)
    if match is None:
        return text
    inside, before = match[1].strip(), text[: match.start()]
    initials = iter("".join(word[0] for word in _WORD.findall(before)).lower())
    own = 1 < len(inside) <= 8 and inside.isalpha() and all(c in initials for c in inside.lower())
    return before if own else text


def parts(text: str) -> list[str]:
    """Give the parts of a name that holds two: "Vetenskapsrådet - Swedish Research Council".

    >>> parts("VETENSKAPSRADET - SWEDISH RESEARCH COUNCIL")
    ['VETENSKAPSRADET', 'SWEDISH RESEARCH COUNCIL']
    >>> parts("Karolinska Institutet")
    []
    """
    found = [part.strip() for part in _PARTS.split(text)]
    return [part for part in found if part] if len(found) > 1 else []


def without_acronym(text: str) -> str:
    """Give a name without an acronym of it at its beginning or end, "" when there is none.

    An acronym is spelt by the letters of the other words, in their order and from the first on,
    and those words are two at least: "SHT Smart High Tech", never "RDT Technology".

    >>> without_acronym("YKI, YTKEMISKA INSTITUTET AB"), without_acronym("RDT TECHNOLOGY AB")
    ('YTKEMISKA INSTITUTET AB', '')
    """
    words = text.split()
    for place, rest in ((0, words[1:]), (len(words) - 1, words[:-1])):
        meaningful = [w for word in rest if (w := fold(word).strip(_EDGES)) not in _EMPTY]
        if len(meaningful) < 2:
            continue
        acronym = fold(words[place]).strip(_EDGES)
        letters = iter("".join(meaningful))
        spelt = meaningful[0][0] == acronym[:1] and all(c in letters for c in acronym)
        if spelt and 2 <= len(acronym) <= 8 and acronym not in meaningful:
            return " ".join(rest).strip(_EDGES)
    return ""


def differ_by_one(left: str, right: str) -> bool:
    """Tell whether two words differ by one letter put in, left out or changed; digits count whole.

    >>> differ_by_one("forskningsradet", "forskingsradet"), differ_by_one("alfa1", "alfa2")
    (True, False)
    """
    if len(left) > len(right):
        left, right = right, left
    if len(right) - len(left) > 1 or left == right:
        return False
    start = 0
    while start < len(left) and left[start] == right[start]:
        start += 1
    same_length = len(left) == len(right)
    if left[start + same_length :] != right[start + 1 :]:
        return False
    return not (left[start : start + 1].isdigit() or right[start].isdigit())


def fits_lost(left: str, right: str) -> bool:
    """Tell whether two names are one when lost letters are read as vowels; most must be left.

    >>> fits_lost(f"f{LOST}rsvarsh{LOST}gskola", "forsvarshogskola")
    True
    """
    if len(left) != len(right) or (LOST not in left and LOST not in right):
        return False
    if (left.count(LOST) + right.count(LOST)) * 4 > len(left):
        return False
    return all(
        a == b or (LOST in (a, b) and (a in "aeiou" + LOST and b in "aeiou" + LOST))
        for a, b in zip(left, right, strict=True)
    )


def place_keys(city: str, towns: dict[str, str]) -> frozenset[str]:
    """Give what a city may be: municipality codes where the table of towns has it, else itself.

    >>> sorted(place_keys("SOLNA STOCKHOLM", {"solna": "0184", "stockholm": "0180"}))
    ['0180', '0184']
    """
    words = [word for word in _WORD.findall(fold(city)) if word.isalpha() and word != "cedex"]
    folded = " ".join(words)
    if not folded:
        return frozenset()
    if folded in towns:
        return frozenset({towns[folded]})
    known = {towns[word] for word in folded.split() if word in towns}
    return frozenset(known or {folded})


def longest(texts: Iterable[str]) -> str:
    """Give the longest of some texts, the first in the alphabet where several are."""
    return min(texts, key=lambda text: (-len(text), text), default="")
