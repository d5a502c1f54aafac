"""EuroSciVoc, the Commission's fields of science, as the codes and paths that CORDIS publishes.

Read from the table ``euroSciVoc.csv`` of a CORDIS dump or from a list of its codes: each code such
as ``/21/33`` is one concept, under the concept of the code before its last part.
"""

from collections.abc import Iterator
from typing import Final

from klustergraf.errors import SourceFormatError
from klustergraf.sources.reading import Inputs, Row, table
from klustergraf.sources.records import ConceptRecord, Item, Name, Skipped

SOURCE: Final = "euroscivoc"

_COLUMNS: Final = ("euroSciVocCode", "euroSciVocPath", "euroSciVocTitle")


def read(inputs: Inputs) -> Iterator[Item]:
    """Read each concept once; a broader concept that has no row is named from the path."""
    files = [f for f in inputs.files if "euroscivoc" in f.stem and f.suffix == ".csv"]
    if not files:
        names = ", ".join(file.name for file in inputs.files)
        raise SourceFormatError(names, "the files", "none is called euroSciVoc….csv.")
    seen: set[str] = set()
    for file in files:
        for row in table(inputs, file, _COLUMNS):
            if not isinstance(row, Row):
                yield row
                continue
            numbers = row["euroSciVocCode"].split("/")[1:]
            titles = row["euroSciVocPath"].split("/")[1:]
            if not numbers or not all(n.isdigit() for n in numbers) or len(numbers) != len(titles):
                yield Skipped(row.where, f"{row['euroSciVocCode']!r} is no code with its path")
                continue
            for depth in range(1, len(numbers) + 1):
                code = "/" + "/".join(numbers[:depth])
                if code not in seen:
                    seen.add(code)
                    broader = "/" + "/".join(numbers[: depth - 1]) if depth > 1 else ""
                    title = Name(titles[depth - 1], "en")
                    yield ConceptRecord(SOURCE, code, (title,), "ResearchField", broader)
