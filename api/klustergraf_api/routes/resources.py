"""``/id/…`` and ``/graph/…``: linked data, as documents and as pages."""

from collections.abc import Iterable
from typing import Final
from urllib.parse import quote

import pyoxigraph as ox
from fastapi import APIRouter, Request
from markupsafe import Markup
from starlette.responses import Response

from klustergraf.engine.base import QueryRequest, TriplesFormat
from klustergraf.errors import ResourceNotFound
from klustergraf.namespaces import PREFIXES, RDF, SCHEMA
from klustergraf_api.caching import entity_tag, not_modified
from klustergraf_api.dependencies import ExecutorDep, Parts, PartsDep
from klustergraf_api.description import serialise
from klustergraf_api.evidence import evidence_of
from klustergraf_api.execution import Executor
from klustergraf_api.fact_groups import FACT_GROUPS, fact_group, fact_order
from klustergraf_api.negotiation import HTML, SUFFIXES
from klustergraf_api.routes.actor_pictures import read_pictures
from klustergraf_api.routes.documents import (
    METHODS,
    SUFFIX_OF,
    document_headers,
    iri_of,
    linkset_document,
    negotiate,
    origin_of,
    page_headers,
    see_other,
)
from klustergraf_api.schema_org import schema_org_data, script_text
from klustergraf_api.signposting import LICENSE, LINKSET_SUFFIX, Link, Signposts, header
from klustergraf_api.standing import must_stand
from klustergraf_api.statements import Groups, group, host_of
from klustergraf_api.streaming import AnswerResponse
from klustergraf_api.terms import serialise_iri
from klustergraf_api.thing_data import HYDRA, describe_thing, subjects_query
from klustergraf_api.thing_tables import told_facts
from klustergraf_api.things import graph_query, read_thing, shown_facts

router = APIRouter(include_in_schema=False)

_PREFIXES: Final = {**PREFIXES, "hydra": HYDRA}


@router.api_route("/id/{path:path}", methods=METHODS)
async def thing(request: Request, path: str, parts: PartsDep, executor: ExecutorDep) -> Response:
    """Send to the page or the data of a thing; with a suffix, give that document."""
    return await _dereference(request, parts, executor, f"id/{path}")


@router.api_route("/graph/{path:path}", methods=METHODS)
async def graph(request: Request, path: str, parts: PartsDep, executor: ExecutorDep) -> Response:
    """Send to the page or the data about a named graph; its contents are at ``/graphs/``."""
    return await _dereference(request, parts, executor, f"graph/{path}")


async def graph_document(request: Request, parts: Parts, executor: Executor, path: str) -> Response:
    """Give what stands in the named graph behind ``graph/``; to a browser, its page.

    Errors: ResourceNotFound, NotAcceptable.
    """
    stem, dot, suffix = path.rpartition(".")
    named = dot and suffix in SUFFIXES
    local = f"graph/{stem if named else path}"
    iri = iri_of(parts, local)
    media_type = SUFFIXES[suffix] if named else negotiate(request)
    if media_type == HTML:
        await must_stand(executor, iri)
        return see_other(request, f"/{quote(local)}.html")
    return await graph_contents(request, parts, executor, iri, media_type)


async def graph_contents(
    request: Request, parts: Parts, executor: Executor, iri: str, media_type: str
) -> Response:
    """Stream a named graph.

    Errors: ResourceNotFound when no statement stands in it.
    """
    node = serialise_iri(iri)
    _, found = await executor.read(QueryRequest(f"ASK {{ GRAPH {node} {{ ?s ?p ?o }} }}"))
    if b"true" not in found:
        raise ResourceNotFound(iri)
    path = f"/graphs/{iri.removeprefix(parts.settings.base + 'graph/')}.{SUFFIX_OF[media_type]}"
    headers = document_headers(parts, iri, f"contents {media_type}", path)
    links = [Link("license", LICENSE), Link("describedby", iri), Link("collection", iri)]
    headers["Link"] = header(links)
    if (fresh := not_modified(request, headers["ETag"], headers)) is not None:
        return fresh
    query = QueryRequest(graph_query(iri), triples_format=TriplesFormat(media_type))
    answer = await executor.start(query)
    # A version may have come since the headers were written: they tell of what is sent.
    headers["ETag"] = entity_tag(answer.version_id, iri, f"contents {media_type}")
    headers["X-Klustergraf-Version"] = answer.version_id
    return AnswerResponse(answer, media_type=media_type, headers=headers)


async def _dereference(request: Request, parts: Parts, executor: Executor, local: str) -> Response:
    """Answer for the IRI of a thing with 303, and for its documents with the document.

    Errors: ResourceNotFound, ResourceWithdrawn, NotAcceptable.
    """
    if local.endswith(LINKSET_SUFFIX):
        return await _linkset(request, parts, executor, local.removesuffix(LINKSET_SUFFIX))
    stem, dot, suffix = local.rpartition(".")
    if dot and suffix in SUFFIXES:
        iri = iri_of(parts, stem)
        await must_stand(executor, iri)
        if suffix == "html":
            return await _page(request, parts, executor, iri)
        return await _document(request, parts, executor, iri, SUFFIXES[suffix])
    iri = iri_of(parts, local)
    media_type = negotiate(request)
    await must_stand(executor, iri)
    return see_other(request, f"/{quote(local)}.{SUFFIX_OF[media_type]}")


def _path(parts: Parts, iri: str) -> str:
    return "/" + quote(iri.removeprefix(parts.settings.base))


def signposts(parts: Parts, iri: str, types: Iterable[str]) -> Signposts:
    """Say which documents there are about a thing. ``types``: its classes, of any vocabulary."""
    base, path = parts.settings.base, _path(parts, iri)
    items = []
    if iri.startswith(base + "graph/"):
        contents = path.replace("/graph/", "/graphs/", 1)
        items = [
            Link("item", f"{contents}.{suffix}", media_type)
            for suffix, media_type in SUFFIXES.items()
            if media_type != HTML
        ]
    return Signposts(
        iri=iri,
        path=path,
        author=base,
        types=sorted({name for name in types if name.startswith(SCHEMA)}),
        items=items,
        collection=f"{base}version/{parts.engine.version_id}",
    )


async def _page(request: Request, parts: Parts, executor: Executor, iri: str) -> Response:
    headers = page_headers(request, parts)
    if (fresh := not_modified(request, headers["ETag"], headers)) is not None:
        return fresh
    thing = await read_thing(executor, iri, request.query_params)
    if iri.startswith(parts.settings.base + "graph/"):
        thing.queries["contents"] = graph_query(iri)
    view = parts.pages.view(request)
    language, name = view.language, thing.labels.of(thing.iri, view).value
    types = [fact.value.value for fact in thing.facts if fact.predicate == RDF + "type"]
    told = told_facts(thing.tables)
    facts = {
        "facts": _in_order(shown_facts(thing.stated, language, told=told)),
        "derived": _in_order(shown_facts(thing.derived, language, with_types=True, told=told)),
    }
    entries = {id(entry.statement): entry for entry in evidence_of(thing, facts.values())}
    pictures = await read_pictures(parts, executor, iri, view)
    return parts.pages.respond(
        request,
        "thing.html",
        headers=headers | {"Link": header(signposts(parts, iri, types).of_page())},
        thing=thing,
        facts=facts,
        evidence_for=lambda statement: entries[id(statement)],
        incoming=group(thing.incoming),
        numbers={iri: number for number, iri in enumerate(thing.graphs, 1)},
        path=_path(parts, iri),
        is_stored=parts.version is not None,
        types=SUFFIXES,
        documents=[suffix for suffix in SUFFIXES if suffix != "html"],
        host_of=host_of,
        totals={inverse.predicate: inverse.total for inverse in thing.inverses},
        subjects_query=subjects_query,
        pictures=pictures,
        is_partly_counted=bool(pictures and parts.before),
        places=pictures.places if pictures else {},
        groups=(*FACT_GROUPS, "other"),
        fact_group=fact_group,
        structured=Markup(script_text(schema_org_data(thing, language, name))),  # noqa: S704 - escaped for a script element
    )


def _in_order(groups: Groups) -> Groups:
    return {predicate: groups[predicate] for predicate in sorted(groups, key=fact_order)}


def _types(triples: Iterable[ox.Triple], iri: str) -> list[str]:
    node, kind = ox.NamedNode(iri), ox.NamedNode(RDF + "type")
    found = (t.object for t in triples if t.subject == node and t.predicate == kind)
    return [term.value for term in found if isinstance(term, ox.NamedNode)]


async def _document(
    request: Request, parts: Parts, executor: Executor, iri: str, media_type: str
) -> Response:
    """Give the description of a thing."""
    path = f"/{iri.removeprefix(parts.settings.base)}.{SUFFIX_OF[media_type]}"
    headers = document_headers(parts, iri, media_type, path)
    if (fresh := not_modified(request, headers["ETag"], headers)) is not None:
        return fresh
    triples = await describe_thing(executor, iri, origin_of(parts))
    headers["Link"] = header(signposts(parts, iri, _types(triples, iri)).of_data())
    content = serialise(triples, media_type, _PREFIXES)
    return Response(content, media_type=media_type, headers=headers)


async def _linkset(request: Request, parts: Parts, executor: Executor, local: str) -> Response:
    """Give the links of the documents about a thing."""
    iri = iri_of(parts, local)
    await must_stand(executor, iri)
    asked = f"SELECT DISTINCT ?type WHERE {{ {serialise_iri(iri)} <{RDF}type> ?type }}"
    types = [row["type"].value for row in await executor.solutions(asked)]
    return linkset_document(request, parts, signposts(parts, iri, types))
