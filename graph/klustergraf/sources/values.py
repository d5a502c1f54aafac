"""Values as sources write them, turned into what records hold.

A value that is wrong is left out and the record stays: each function gives the value (or nothing)
and says in a few words what was wrong with what it was given.
"""

import re
from decimal import Decimal, InvalidOperation
from typing import Final

_ISO_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_ROR = re.compile(r"(?:https?://ror\.org/)?(0[a-z0-9]{6}[0-9]{2})")
_GRID = re.compile(r"grid\.\d+\.[0-9a-f]+")
_SE_VAT = re.compile(r"SE(\d{10})\d{2}")
_MONTHS: Final = (31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

# The codes that the Commission uses where ISO 3166-1 says otherwise.
_COUNTRIES: Final = {"EL": "GR", "UK": "GB"}

# What UTF-8 letters look like when they were read as Windows-1252: a lead byte, then the rest.
_TAIL: Final = bytes(range(0x80, 0xC0)).decode("cp1252", errors="ignore")
_UNDEFINED: Final = "\x81\x8d\x8f\x90\x9d"
_TAILS: Final = f"[{re.escape(_TAIL)}{_UNDEFINED}]"
_MOJIBAKE = re.compile(f"[Â-ß]{_TAILS}|[à-ï]{_TAILS}{{2}}|[ð-ô]{_TAILS}{{3}}")
_LOST = re.compile("[?][A-ZÀ-Þ]{2}|Ã[?]")


def repaired(text: str) -> tuple[str, str]:
    r"""Undo "UTF-8 read as Windows-1252", letter by letter where certain; say what is lost.

    Some names went through it twice, so it is undone as long as something changes.

    >>> repaired("Ã–REBRO")
    ('ÖREBRO', '')
    >>> repaired("GR\ufffdFICA")[1]
    'has letters that were lost in a wrong encoding'
    """
    before = ""
    while before != text:
        before, text = text, _MOJIBAKE.sub(_letter, text)
    is_lost = "\ufffd" in text or _LOST.search(text) is not None
    return text, "has letters that were lost in a wrong encoding" if is_lost else ""


def _letter(match: re.Match[str]) -> str:
    try:
        return b"".join(_as_byte(letter) for letter in match[0]).decode("utf-8")
    except (UnicodeEncodeError, UnicodeDecodeError):
        return match[0]


def _as_byte(letter: str) -> bytes:
    if letter in _UNDEFINED:  # bytes that Windows-1252 leaves open come through unchanged
        return bytes([ord(letter)])
    return letter.encode("cp1252")


def date(text: str) -> tuple[str, str]:
    """Read a date as EDTF (YYYY, YYYY-MM or YYYY-MM-DD).

    >>> date("2015-02-30")
    ('', "'2015-02-30' is no date")
    >>> date("2014-09-01 00:00:00")
    ('2014-09-01', '')
    """
    text = text.strip()
    if not text:
        return "", ""
    match = _ISO_DATE.match(text)
    rest = text[match.end() :] if match else text
    if match and (not rest or rest[0] in " T"):
        year, month, day = match.groups()
        is_month = month is None or 1 <= int(month) <= 12
        if 1000 <= int(year) <= 2999 and is_month and _is_day(year, month, day):
            return match[0], ""
    return "", f"{text!r} is no date"


def _is_day(year: str, month: str | None, day: str | None) -> bool:
    if day is None or month is None:
        return True
    leap = int(year) % 4 == 0 and (int(year) % 100 != 0 or int(year) % 400 == 0)
    last = 28 if month == "02" and not leap else _MONTHS[int(month) - 1]
    return 1 <= int(day) <= last


def money(text: str) -> tuple[Decimal | None, str]:
    """Read an amount with decimal point or decimal comma.

    >>> money("695874,74")
    (Decimal('695874.74'), '')
    >>> money("-5")
    (None, "the amount '-5' is negative")
    """
    text = text.strip()
    if not text:
        return None, ""
    try:
        amount = Decimal(text.replace(" ", "").replace(",", "."))
    except InvalidOperation:
        return None, f"{text!r} is no amount"
    if not amount.is_finite():
        return None, f"{text!r} is no amount"
    if amount < 0:
        return None, f"the amount {text!r} is negative"
    return amount, ""


def country(text: str) -> str:
    """Give the ISO 3166-1 code of a country as the Commission or anyone else writes it.

    >>> country("EL")
    'GR'
    """
    text = text.strip().upper()
    return _COUNTRIES.get(text, text) if re.fullmatch("[A-Z]{2}", text) else ""


def postal_code(text: str) -> str:
    """Give the five digits of a Swedish postal code, or nothing.

    >>> postal_code("SE-751 05")
    '75105'
    """
    digits = re.sub(r"\D", "", text)
    return digits if len(digits) == 5 and digits[0] != "0" else ""


def ror(text: str) -> str:
    """Give a ROR id as it stands in its IRI, or nothing.

    >>> ror("https://ror.org/056d84691")
    '056d84691'
    """
    match = _ROR.fullmatch(text.strip())
    return match[1] if match else ""


def isni(text: str) -> str:
    """Give the sixteen characters of an ISNI, or nothing.

    >>> isni("0000 0004 1937 0626")
    '0000000419370626'
    """
    packed = text.replace(" ", "").upper()
    return packed if re.fullmatch(r"\d{15}[\dX]", packed) else ""


def grid(text: str) -> str:
    """Give a GRID id, or nothing."""
    return text.strip() if _GRID.fullmatch(text.strip()) else ""


def swedish_vat(text: str) -> tuple[str, str]:
    """Give the VAT number and the organisation number of a Swedish legal person, or nothing.

    The organisation number of a sole trader is a personal identity number: it is left out. That of
    a legal person has 2 or more as its third digit.

    >>> swedish_vat("SE556957327101")
    ('SE556957327101', '556957-3271')
    """
    match = _SE_VAT.fullmatch(text.replace(" ", "").upper())
    if not match or match[1][2] in "01":
        return "", ""
    return match[0], f"{match[1][:6]}-{match[1][6:]}"


def homepage(text: str) -> str:
    """Give a web address, or nothing when it is none.

    >>> homepage("www.kth.se")
    'http://www.kth.se'
    """
    text = text.strip()
    if text and "://" not in text:
        text = "http://" + text
    is_address = re.fullmatch(r"https?://[^\s<>\"{}|\\^`@\[\]]+\.[^\s<>\"{}|\\^`@\[\]]+", text)
    return text if is_address else ""
