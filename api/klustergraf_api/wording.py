"""What went wrong, told in the language of the reader.

Errors build their text in English, where they are raised. Each text is known here by its pattern
(``pages/messages/reasons.<language>.json``), and told again from the same pattern in the other
language. What no pattern fits, as what an engine or a parser says itself, stays English and is
marked so.
"""

import re
import string
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from klustergraf.errors import ContributionRefused, GraphParseError, SparqlSyntaxError
from klustergraf_api.parse_faults import fault_kind

_BEGINNING: Final = "reason."
_ENGLISH: Final = "en"
# What stands between names in a text, where a pattern calls them ``others``.
_BETWEEN: Final = {"sv": {" or ": " eller ", " and ": " och "}}


@dataclass(frozen=True)
class Told:
    """A text, and what of it, towards its end, is quoted as somebody said it, in English.

    ``is_translated``: whether the text is in the language that was asked for.
    """

    text: str
    quoted: str = ""
    is_translated: bool = True


class Wording:
    """Tells errors in each language. ``messages``: those of each language."""

    def __init__(self, messages: Mapping[str, Mapping[str, str]]) -> None:
        self._messages = messages
        texts = {
            key: text for key, text in messages[_ENGLISH].items() if key.startswith(_BEGINNING)
        }
        # The pattern that says the most itself is tried first.
        keys = sorted(texts, key=lambda key: -_length(texts[key]))
        self._patterns = [(re.compile(_pattern(texts[key]), re.DOTALL), key) for key in keys]

    def tell(self, error: Exception, language: str) -> Told:
        """Tell an error in a language."""
        if isinstance(error, SparqlSyntaxError):
            return self._tell_syntax(error, language)
        if isinstance(error, GraphParseError):
            return self._tell_parse(error, language)
        if isinstance(error, ContributionRefused):
            return Told(error.report_texts[language])
        return self.translate(str(error), language)

    def translate(self, text: str, language: str) -> Told:
        """Tell a text in a language; as it is, where no pattern fits.

        What a pattern calls ``fault`` is a text within the text: told in the same way, or quoted.
        """
        if language == _ENGLISH:
            return Told(text)
        for pattern, key in self._patterns:
            if match := pattern.fullmatch(text):
                values = match.groupdict()
                if "others" in values:
                    for word, other in _BETWEEN[language].items():
                        values["others"] = values["others"].replace(word, other)
                quoted = ""
                if "fault" in values:
                    fault = self.translate(values["fault"], language)
                    values["fault"] = fault.text
                    quoted = fault.quoted if fault.is_translated else fault.text
                return Told(self._messages[language][key].format(**values), quoted)
        return Told(text, is_translated=False)

    def _tell_syntax(self, error: SparqlSyntaxError, language: str) -> Told:
        """Tell where and why a query is no SPARQL; what the engine said is quoted."""
        if language == _ENGLISH:
            return Told(str(error))
        reason, quoted = self.translate(error.reason, language), ""
        if not reason.is_translated:
            said = self._messages[language]["reason.engine-says"].format(message=error.reason)
            reason, quoted = Told(said), error.reason
        return self._placed(reason.text, quoted, error, language)

    def _tell_parse(self, error: GraphParseError, language: str) -> Told:
        """Tell where and why a file is no RDF: plainly, and what the parser said as a quotation."""
        if language == _ENGLISH:
            return Told(str(error))
        reason = self.translate(error.reason, language)
        if reason.is_translated:
            return self._placed(reason.text, reason.quoted, error, language)
        messages = self._messages[language]
        said = error.reason.removesuffix(".")
        fault = messages[f"fault.{fault_kind(said)}"]
        text = messages["reason.parser-says"].format(fault=fault, message=said)
        return self._placed(text, said, error, language)

    def _placed(
        self, text: str, quoted: str, error: SparqlSyntaxError | GraphParseError, language: str
    ) -> Told:
        """Tell the line, and the column when it is known, before what is wrong there."""
        if error.line is None:
            return Told(text[:1].upper() + text[1:], quoted)
        key = "reason.line-only" if error.column is None else "reason.line"
        where = {"line": error.line, "column": error.column, "reason": text}
        return Told(self._messages[language][key].format(**where), quoted)


def _pattern(template: str) -> str:
    """Make a regular expression of a template.

    >>> _pattern("not-{b}!")[-15:]
    '(?P<b>.+?)(?:!)'
    """
    pieces = []
    for text, name, _, _ in string.Formatter().parse(template):
        pieces.append(f"(?:{re.escape(text)})" if text else "")
        pieces.append(f"(?P<{name}>.+?)" if name else "")
    return "".join(pieces)


def _length(template: str) -> int:
    return sum(len(text) for text, _, _, _ in string.Formatter().parse(template))
