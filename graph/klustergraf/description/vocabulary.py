"""The ontology and the shapes of a version, and how often the version uses each term.

Of each version are kept: ``ontology.nt`` and ``shapes.nt``, the statements of the two graphs;
``about.json``, which editions of them these are; and ``use.json``, the use of the terms
(:class:`Use`). So an edition of the ontology stays readable after the graph has moved on.
"""

import json
import re
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from hashlib import sha256
from pathlib import Path
from typing import Final, Literal

from pyoxigraph import RdfFormat, Triple, parse

from klustergraf.namespaces import GRAPH, ID, KG, OWL, RDF
from klustergraf.resources import room
from klustergraf.version import DERIVED, Version, VersionStore

VOCABULARY: Final = "vocabulary-1"
Part = Literal["ontology", "shapes"]
PARTS: Final[tuple[Part, ...]] = ("ontology", "shapes")

_USE: Final = "use.json"
_ABOUT: Final = "about.json"
_TERM: Final = f"<{KG}".encode()
_THING: Final = f"<{ID}".encode()
_TYPE: Final = f"<{RDF}type>".encode()
_VERSION_INFO: Final = f"<{OWL}versionInfo>".encode()
_BLANK_NODE: Final = re.compile(rb"_:\w+")


@dataclass
class Use:
    """How often a term is used, each statement once, however many graphs have it.

    ``instances``: things of the class; ``statements``: those with the property; ``mentions``:
    those that lead to the term by anything but ``rdf:type``. ``subject``, ``predicate`` and
    ``value``, as N-Triples writes them: the first statement of a thing of ours, as an example.
    """

    instances: int = 0
    statements: int = 0
    mentions: int = 0
    subject: str = ""
    predicate: str = ""
    value: str = ""


def count_use(lines: Iterable[bytes]) -> dict[str, Use]:
    """Count the terms of the ontology in sorted N-Quads, by their IRI.

    >>> line = b'<x:a> <https://w3id.org/klustergraf/ontology#p> "1" <x:%s> .'
    >>> count_use([line % b"g", line % b"h"])["https://w3id.org/klustergraf/ontology#p"].statements
    1
    """
    uses: dict[bytes, Use] = {}
    last = b"", b"", b""
    for line in lines:
        if _TERM not in line:
            continue
        subject, predicate, rest = line.split(b" ", 2)
        pieces = rest.rsplit(b" ", 2)
        # As in statistics.py: the last word of a literal has its quotation mark, no graph has one.
        is_quad = len(pieces) == 3 and b'"' not in pieces[1]
        value = pieces[0] if is_quad else rest.rsplit(b" ", 1)[0]
        if (subject, predicate, value) == last:
            continue
        last = subject, predicate, value
        if predicate.startswith(_TERM):
            use = uses.setdefault(predicate, Use())
            use.statements += 1
            _keep_example(use, *last)
        if value.startswith(_TERM):
            use = uses.setdefault(value, Use())
            if predicate == _TYPE:
                use.instances += 1
            else:
                use.mentions += 1
            _keep_example(use, *last)
    return {term[1:-1].decode(): use for term, use in sorted(uses.items())}


def _keep_example(use: Use, subject: bytes, predicate: bytes, value: bytes) -> None:
    if not use.subject and subject.startswith(_THING):
        use.subject, use.predicate = subject.decode(), predicate.decode()
        use.value = value.decode()


@dataclass(frozen=True)
class Edition:
    """The ontology, or the shapes, as they were at one time.

    ``name``: its ``owl:versionInfo``; ``path``: a file of N-Triples; ``digest``: SHA-256 of what
    it says, whatever its blank nodes are called; ``version_id``: the version of the graph that it
    is kept with, or "" for a release that is kept with the software.
    """

    name: str
    path: Path
    digest: str
    version_id: str = ""

    def triples(self) -> list[Triple]:
        """Read it."""
        return [quad.triple for quad in parse(path=self.path, format=RdfFormat.N_TRIPLES)]


def make_vocabulary(version: Version, folder: Path) -> None:
    """Keep the ontology and the shapes of a version, and count the use; a derivation."""
    about = {}
    for part in PARTS:
        graph = f" <{GRAPH}{part}> .\n".encode()
        with version.dataset_path.open("rb") as dataset:
            lines = [line[: -len(graph)] + b" .\n" for line in dataset if line.endswith(graph)]
        (folder / f"{part}.nt").write_bytes(b"".join(lines))
        about[part] = {"name": _name(lines), "digest": _digest(lines)}
    (folder / _ABOUT).write_text(json.dumps(about, ensure_ascii=False), encoding="utf-8")
    with version.dataset_path.open("rb") as dataset:
        uses = {term: asdict(use) for term, use in count_use(dataset).items()}
    (folder / _USE).write_text(json.dumps(uses, ensure_ascii=False), encoding="utf-8")


def _name(lines: Iterable[bytes]) -> str:
    """Find the ``owl:versionInfo`` in lines of N-Triples."""
    found = (line for line in lines if line.split(b" ", 2)[1] == _VERSION_INFO)
    return next(found, b'""').split(b'"')[1].decode()


def _digest(lines: Iterable[bytes]) -> str:
    return sha256(b"".join(sorted(_BLANK_NODE.sub(b"_:", line) for line in lines))).hexdigest()


def read_use(version: Version) -> dict[str, Use]:
    """Give how a version uses each term, by IRI; counted now if it was not yet."""
    folder = version.derived(VOCABULARY, make_vocabulary)
    document = json.loads((folder / _USE).read_text(encoding="utf-8"))
    return {term: Use(**use) for term, use in document.items()}


def edition_of(version: Version, part: Part) -> Edition:
    """Give the ontology, or the shapes, of a version; kept now if they were not yet."""
    folder = version.derived(VOCABULARY, make_vocabulary)
    about = json.loads((folder / _ABOUT).read_text(encoding="utf-8"))[part]
    return Edition(about["name"], folder / f"{part}.nt", about["digest"], version.id)


def editions(version: Version, part: Part) -> list[Edition]:
    """List the editions up to that of a version, the newest first, each once.

    They are those of earlier versions in the same home, as far as they are kept, and the releases
    of :func:`released`.
    """
    own = version.manifest.created
    stored = VersionStore(version.path.parent.parent).versions()
    earlier = [v for v in stored if v.manifest.created < own and v.id != version.id]
    kept = [v for v in earlier if (v.path / DERIVED / VOCABULARY).is_dir()]
    found = [edition_of(v, part) for v in (version, *kept)] + released(part)
    return list({edition.digest: edition for edition in reversed(found)}.values())[::-1]


def released(part: Part) -> list[Edition]:
    """List the releases that are kept with the software (``ontology/releases/<version>.nt``)."""
    found = []
    for path in (room(part) / "releases").glob("*.nt"):
        lines = path.read_bytes().splitlines(keepends=True)
        found.append(Edition(_name(lines), path, _digest(lines)))
    return sorted(found, key=lambda edition: _numbers(edition.name), reverse=True)


def _numbers(name: str) -> tuple[int, ...]:
    """Read a version number for sorting.

    >>> _numbers("0.10.0") > _numbers("0.9.1")
    True
    """
    return tuple(int(piece) for piece in re.findall(r"\d+", name))
