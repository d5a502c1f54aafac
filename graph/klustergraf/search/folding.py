"""Names as they are compared: without case and marks, in words; how far two words are apart."""

import re
import unicodedata
from typing import Final

_WORD: Final = re.compile(r"[^\W_]+")
_APART: Final = str.maketrans({"ø": "o", "æ": "ae", "đ": "d", "ł": "l", "þ": "th", "œ": "oe"})


def fold(text: str) -> str:
    """Write a text in small letters without marks, its words apart by one space.

    >>> fold("Södertörns högskola (SH), Ångström-lab")
    'sodertorns hogskola sh angstrom lab'
    """
    plain, before = text, ""
    while plain != before:  # a letter may decompose into one that has a small form
        before = plain
        decomposed = unicodedata.normalize("NFKD", plain.casefold().translate(_APART))
        plain = "".join(c for c in decomposed if not unicodedata.combining(c))
    return " ".join(_WORD.findall(plain))


def grams(word: str) -> set[str]:
    """Give the pieces of three letters of a word, its beginning and end marked.

    >>> sorted(grams("kth"))
    ['$kt', 'kth', 'th$']
    """
    marked = f"${word}$"
    return {marked[i : i + 3] for i in range(len(marked) - 2)}


def edits(a: str, b: str, most: int) -> int:
    """Count the letters to change, leave out, put in or swap; more than ``most`` is ``most + 1``.

    The optimal string alignment distance.

    >>> edits("karolinska", "karlinska", 2), edits("abc", "acb", 2), edits("abc", "xyz", 1)
    (1, 1, 2)
    """
    if abs(len(a) - len(b)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(b) + 1))
    for i, letter in enumerate(a, 1):
        current = [i]
        for j, other in enumerate(b, 1):
            cost = min(row[j] + 1, current[j - 1] + 1, row[j - 1] + (letter != other))
            if i > 1 and j > 1 and letter == b[j - 2] and a[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            current.append(cost)
        if min(current) > most:
            return most + 1
        before, row = row, current
    return min(row[-1], most + 1)
