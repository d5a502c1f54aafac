"""``/ontology`` and ``/shapes``: the terms and the rules of the graph, documented, by edition."""

import asyncio
from dataclasses import dataclass
from typing import Any, Final

import pyoxigraph as ox
from fastapi import APIRouter, Request
from starlette.responses import Response

from klustergraf.description.vocabulary import Edition, Part, Use, editions, read_use, released
from klustergraf.engine.base import QueryRequest, TriplesFormat
from klustergraf.errors import ResourceNotFound
from klustergraf.namespaces import DCT, OWL, PREFIXES, VANN
from klustergraf_api.caching import not_modified
from klustergraf_api.dependencies import ExecutorDep, Parts, PartsDep
from klustergraf_api.description import serialise
from klustergraf_api.execution import Executor
from klustergraf_api.labels import read_labels
from klustergraf_api.negotiation import HTML, SUFFIXES
from klustergraf_api.ontology import Statements, compare, read_shapes, read_terms
from klustergraf_api.routes.documents import (
    METHODS,
    SUFFIX_OF,
    document_headers,
    iri_of,
    linkset_document,
    negotiate,
    negotiated_page,
)
from klustergraf_api.signposting import LINKSET_SUFFIX, Signposts, header
from klustergraf_api.things import graph_query

router = APIRouter(include_in_schema=False)

_EDITIONS: Final = "editions of the "
_ABOUT: Final = (DCT + "title", DCT + "description", DCT + "issued")


@router.api_route("/ontology", methods=METHODS)
@router.api_route("/ontology.{suffix}", methods=METHODS)
async def ontology(
    request: Request, parts: PartsDep, executor: ExecutorDep, suffix: str = ""
) -> Response:
    """Give the ontology, as a page with an anchor for each term, or as data."""
    return await _answer(request, parts, executor, _Asked("ontology", "", suffix))


@router.api_route("/shapes", methods=METHODS)
@router.api_route("/shapes.{suffix}", methods=METHODS)
async def shapes(
    request: Request, parts: PartsDep, executor: ExecutorDep, suffix: str = ""
) -> Response:
    """Give the shapes, as a page with an anchor for each, or as data."""
    return await _answer(request, parts, executor, _Asked("shapes", "", suffix))


@router.api_route("/ontology/{name}", methods=METHODS)
async def ontology_edition(
    request: Request, parts: PartsDep, executor: ExecutorDep, name: str
) -> Response:
    """Give an edition of the ontology by its number (``owl:versionIRI``)."""
    return await _answer(request, parts, executor, _asked("ontology", name))


@router.api_route("/shapes/{name}", methods=METHODS)
async def shapes_edition(
    request: Request, parts: PartsDep, executor: ExecutorDep, name: str
) -> Response:
    """Give an edition of the shapes by its number (``owl:versionIRI``)."""
    return await _answer(request, parts, executor, _asked("shapes", name))


@dataclass(frozen=True)
class _Asked:
    """What an address asks for. ``name``: the number of an edition, or "" for the current one."""

    part: Part
    name: str
    suffix: str

    @property
    def local(self) -> str:
        """The address within the site, without a suffix."""
        return f"{self.part}/{self.name}" if self.name else self.part


def _asked(part: Part, name: str) -> _Asked:
    """Read the last piece of an address: a number has dots, and so has a suffix.

    >>> _asked("shapes", "1.4.2.ttl"), _asked("shapes", "1.4.2").suffix
    (_Asked(part='shapes', name='1.4.2', suffix='ttl'), '')
    """
    if name.endswith(LINKSET_SUFFIX):
        return _Asked(part, name.removesuffix(LINKSET_SUFFIX), LINKSET_SUFFIX[1:])
    stem, dot, suffix = name.rpartition(".")
    return _Asked(part, stem, suffix) if dot and suffix in SUFFIXES else _Asked(part, name, "")


async def _answer(request: Request, parts: Parts, executor: Executor, asked: _Asked) -> Response:
    is_linkset = f".{asked.suffix}" == LINKSET_SUFFIX
    if asked.suffix and asked.suffix not in SUFFIXES and not is_linkset:
        raise ResourceNotFound(iri_of(parts, f"{asked.local}.{asked.suffix}"))
    known = await _editions(parts, asked.part)
    triples, edition = await _find(parts, executor, asked, known)
    iri = iri_of(parts, asked.local)
    signs = Signposts(iri, f"/{asked.local}", parts.settings.base)
    if is_linkset:
        return linkset_document(request, parts, signs)
    media_type = SUFFIXES[asked.suffix] if asked.suffix else negotiate(request)
    if media_type == HTML:
        headers = negotiated_page(request, parts, f"/{asked.local}", signs)
    else:
        path = f"/{asked.local}.{SUFFIX_OF[media_type]}"
        headers = document_headers(parts, iri, media_type, path)
        headers["Link"] = header(signs.of_data())
    if (fresh := not_modified(request, headers["ETag"], headers)) is not None:
        return fresh
    if media_type != HTML:
        content = serialise(triples, media_type, PREFIXES)
        return Response(content, media_type=media_type, headers=headers)
    statements = Statements(triples)
    context = await _context(parts, executor, asked, statements)
    context |= _history(parts, asked, statements, edition, known)
    return parts.pages.respond(request, f"{asked.part}.html", headers=headers, **context)


async def _editions(parts: Parts, part: Part) -> list[Edition]:
    """List the editions, the newest first; those of a version do not change while it is served."""
    parts = parts.counted
    if parts.version is None:
        return released(part)
    key = _EDITIONS + part
    if key not in parts.remembered:
        parts.remembered[key] = await asyncio.to_thread(editions, parts.version, part)
    found: list[Edition] = parts.remembered[key]
    return found


async def _find(
    parts: Parts, executor: Executor, asked: _Asked, known: list[Edition]
) -> tuple[list[ox.Triple], Edition | None]:
    """Find the edition that is asked for: the newest of that number.

    Errors: ResourceNotFound.
    """
    edition = next((e for e in known if asked.name in ("", e.name)), None)
    if edition is not None and (asked.name or parts.version is not None):
        return edition.triples(), edition
    request = QueryRequest(
        graph_query(iri_of(parts, f"graph/{asked.part}")), triples_format=TriplesFormat.N_TRIPLES
    )
    _, document = await executor.read(request)
    triples = [quad.triple for quad in ox.parse(document, format=ox.RdfFormat.N_TRIPLES)]
    header_of = ox.NamedNode(iri_of(parts, asked.part))
    names = Statements(triples).texts(header_of, OWL + "versionInfo").values()
    if asked.name and asked.name not in names:
        raise ResourceNotFound(iri_of(parts, asked.local))
    return triples, None


async def _context(
    parts: Parts, executor: Executor, asked: _Asked, statements: Statements
) -> dict[str, Any]:
    """Collect what the page shows of one edition."""
    iri = iri_of(parts, asked.part)
    node, namespace = ox.NamedNode(iri), f"{iri}#"
    context: dict[str, Any] = {
        "path": f"/{asked.local}",
        "about": {p.rpartition("/")[2]: statements.texts(node, p) for p in _ABOUT},
        "number": next(iter(statements.texts(node, OWL + "versionInfo").values()), ""),
        "namespace": namespace,
        "prefix": next(
            iter(statements.texts(node, VANN + "preferredNamespacePrefix").values()), ""
        ),
        "query": graph_query(iri_of(parts, f"graph/{asked.part}")),
        "types": SUFFIXES,
        "formats": [suffix for suffix, name in SUFFIXES.items() if name != HTML],
        "uses": await _uses(parts),
        "is_partly_counted": parts.before is not None,
    }
    mentioned: set[str] = set()
    if asked.part == "ontology":
        terms = read_terms(statements, namespace)
        context["terms"] = terms
        for term in (term for found in terms.values() for term in found):
            values = (v for values in term.facts.values() for v in values)
            mentioned |= {term.iri, *(v.value for v in values if v.is_iri)}
            if use := context["uses"].get(term.iri):
                mentioned |= {iri for iri in (use.subject[1:-1], use.value[1:-1]) if ":" in iri}
    else:
        context["shapes"] = read_shapes(statements, namespace)
        mentioned |= {t.value for shape in context["shapes"] for _, t in shape.targets}
    context["labels"] = await read_labels(executor, {i for i in mentioned if _is_iri(i)})
    return context


def _is_iri(text: str) -> bool:
    return text.startswith(("http://", "https://")) and " " not in text and '"' not in text


async def _uses(parts: Parts) -> dict[str, Use]:
    """Give the use of each term in the version that is served; none when files are served."""
    parts = parts.counted
    if parts.version is None:
        return {}
    if "uses" not in parts.remembered:
        parts.remembered["uses"] = await asyncio.to_thread(read_use, parts.version)
    found: dict[str, Use] = parts.remembered["uses"]
    return found


def _history(
    parts: Parts,
    asked: _Asked,
    statements: Statements,
    edition: Edition | None,
    known: list[Edition],
) -> dict[str, Any]:
    """Collect the editions, and what changed since the one before."""
    later = known.index(edition) + 1 if edition in known else 0
    before = next(iter(known[later:]), None)
    namespace = f"{iri_of(parts, asked.part)}#"
    changes = compare(Statements(before.triples()), statements, namespace) if before else None
    return {"edition": edition, "before": before, "changes": changes, "editions": known}
