"""Dereference the IRIs of a version: the whole service in this process, called without HTTP.

    python tests/dereferencing.py DATASET [--part 1/2] [--sample 20 | --every-format]

walks the IRIs of a dataset (N-Quads) and prints what is wrong, one line each, then how many IRIs
there are. Of every IRI the redirect and the Turtle are judged; of a sample of each kind, of what
the founding documents say, and with ``--every-format`` of all, the other formats and both pages.
"""

import argparse
import asyncio
import random
import re
import sys
import warnings
from collections.abc import AsyncIterator, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

import pyoxigraph as ox
import rdflib
import rdflib.compare
from fastapi import FastAPI

from klustergraf.engine.base import Cancellation, QueryRequest, ResultKind
from klustergraf.namespaces import BASE
from klustergraf_api.app import create_app
from klustergraf_api.settings import Settings


class Answer:
    """A whole answer."""

    def __init__(self, version_id: str, kind: ResultKind, media_type: str, whole: bytes) -> None:
        self.version_id = version_id
        self.kind = kind
        self.media_type = media_type
        self.whole = whole

    def __iter__(self) -> Iterator[bytes]:
        return iter((self.whole,))

    async def __aiter__(self) -> AsyncIterator[bytes]:
        yield self.whole

    def close(self) -> None:
        """Do nothing: it is done."""


class StoreEngine:
    """Answers from a store in this process: no worker, no limits, for trusted queries only."""

    def __init__(self, store: ox.Store, version_id: str = "0" * 64) -> None:
        self._store = store
        self.version_id = version_id

    def query(self, request: QueryRequest, cancellation: Cancellation | None = None) -> Answer:
        """Answer a query whose default graph is the merge of the named ones."""
        del cancellation  # the answer is there before anybody could want to stop it
        found = self._store.query(request.text, use_default_graph_as_union=True)
        if isinstance(found, ox.QueryTriples):
            form = ox.RdfFormat.from_media_type(request.triples_format)
            whole = found.serialize(format=form) or b""
            return Answer(self.version_id, ResultKind.TRIPLES, request.triples_format, whole)
        results = ox.QueryResultsFormat.from_media_type(request.results_format)
        kind = ResultKind.SOLUTIONS
        if isinstance(found, ox.QueryBoolean):
            kind = ResultKind.BOOLEAN
        whole = found.serialize(format=results) or b""
        return Answer(self.version_id, kind, request.results_format, whole)

    async def query_async(self, request: QueryRequest) -> Answer:
        """Answer a query at once."""
        return self.query(request)

    def close(self) -> None:
        """Do nothing: the store is another's."""


@dataclass
class Response:
    """What the service answered."""

    status: int
    headers: dict[str, str]
    body: bytes


class Service:
    """The service over a store, called directly (ASGI)."""

    def __init__(self, engine: StoreEngine) -> None:
        self._app: FastAPI = create_app(Settings(), engine)
        self._loop = asyncio.new_event_loop()
        self._lifespan = self._app.router.lifespan_context(self._app)
        self._loop.run_until_complete(self._lifespan.__aenter__())

    def close(self) -> None:
        """End the service."""
        self._loop.run_until_complete(self._lifespan.__aexit__(None, None, None))
        self._loop.close()

    def get(self, path: str, accept: str) -> Response:
        """Ask for an address, which is quoted."""
        return self._loop.run_until_complete(self._get(path, accept))

    async def _get(self, path: str, accept: str) -> Response:
        raw, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": "GET",
            "scheme": "http",
            "path": unquote(raw),
            "raw_path": raw.encode("ascii"),
            "query_string": query.encode("ascii"),
            "root_path": "",
            "headers": [(b"host", b"test"), (b"accept", accept.encode("latin-1"))],
            "client": ("127.0.0.1", 1),
            "server": ("test", 80),
        }
        response = Response(0, {}, b"")
        waits = asyncio.Event()

        async def receive() -> dict[str, Any]:
            if not waits.is_set():
                waits.set()
                return {"type": "http.request", "body": b"", "more_body": False}
            await asyncio.Event().wait()
            raise AssertionError

        async def send(message: Any) -> None:
            if message["type"] == "http.response.start":
                response.status = message["status"]
                response.headers = {
                    name.decode("latin-1").lower(): value.decode("latin-1")
                    for name, value in message["headers"]
                }
            else:
                response.body += message.get("body", b"")

        await self._app(scope, receive, send)
        return response


def path_of(iri: str) -> str:
    """Write the address of an IRI of ours, without the fragment."""
    return "/" + quote(iri.removeprefix(BASE).partition("#")[0], safe="/%:@!$&'()*+,;=~-._")


_OURS = re.compile(rf"<({re.escape(BASE)}[^>]*)>".encode())
_FOUNDING = f"<{BASE}graph/founding/".encode()
# What stands under a literal's quotation marks is no IRI of ours.
_LITERAL = re.compile(rb'"(?:[^"\\]|\\.)*"')
_OTHERS = {"nt": "nt", "jsonld": "json-ld", "rdf": "xml"}


def iris_of(dataset: Path) -> tuple[list[str], set[str]]:
    """List the IRIs of ours in N-Quads, sorted, and those that the founding documents mention.

    Without the root and the endpoint: what those answer has tests of its own.
    """
    every, founding = set[bytes](), set[bytes]()
    with dataset.open("rb") as lines:
        for line in lines:
            found = _OURS.findall(_LITERAL.sub(b"", line) if b'"' in line else line)
            every.update(found)
            if _FOUNDING in line:
                founding.update(found)
    every -= {BASE.encode(), f"{BASE}sparql".encode()}
    return sorted(iri.decode() for iri in every), {iri.decode() for iri in founding}


def kind_of(iri: str) -> str:
    """Name the kind of an IRI, such as ``id/actor``, ``graph`` or ``ontology``."""
    local = iri.removeprefix(BASE).partition("#")[0]
    return "/".join(local.split("/")[: 2 if local.startswith("id/") else 1])


def sample_of(iris: Iterable[str], each: int) -> set[str]:
    """Choose so many of each kind, the same whenever it is asked."""
    kinds: dict[str, list[str]] = {}
    for iri in iris:
        kinds.setdefault(kind_of(iri), []).append(iri)
    chance = random.Random(5)
    return {i for found in kinds.values() for i in chance.sample(found, min(each, len(found)))}


class Walk:
    """Judges the documents about IRIs against the dataset itself."""

    def __init__(self, service: Service, store: ox.Store) -> None:
        self._service = service
        self._store = store

    def faults(self, iri: str) -> Iterator[str]:
        """Judge the redirect and the Turtle of an IRI."""
        path = path_of(iri)
        first = self._service.get(path, "text/turtle")
        if kind_of(iri) in ("ontology", "shapes", "queries"):
            yield from self._lacking(iri, first)
            return
        if (first.status, first.headers.get("location")) != (303, f"{path}.ttl"):
            yield f"answers {first.status} {first.headers.get('location')}"
            return
        second = self._service.get(f"{path}.ttl", "*/*")
        if second.headers.get("content-location") != f"{path}.ttl":
            yield f"says that its place is {second.headers.get('content-location')}"
        yield from self._lacking(iri, second)

    def _lacking(self, iri: str, document: Response) -> Iterator[str]:
        """Find statements of the IRI that its document does not have."""
        if document.status != 200 or not document.headers.get("content-type", "").startswith(
            "text/turtle"
        ):
            yield f"gives a document with status {document.status}"
            return
        node = ox.NamedNode(iri)
        told = {
            (q.predicate, q.object)
            for q in ox.parse(document.body, format=ox.RdfFormat.TURTLE)
            if q.subject == node
        }
        for quad in self._store.quads_for_pattern(node, None, None):
            is_named = not isinstance(quad.object, ox.BlankNode)
            if is_named and (quad.predicate, quad.object) not in told:
                yield f"lacks {quad.predicate} {quad.object}"

    def faults_of_formats(self, iri: str) -> Iterator[str]:
        """Judge the other formats and the pages: the same graph, in both languages a page."""
        path = path_of(iri)
        turtle = self._service.get(f"{path}.ttl", "*/*")
        expected = rdflib.Graph().parse(data=turtle.body, format="turtle")
        if not expected:
            yield "has an empty description"
        for suffix, name in _OTHERS.items():
            document = self._service.get(f"{path}.{suffix}", "*/*")
            graph = rdflib.Graph().parse(data=document.body, format=name)
            if not rdflib.compare.isomorphic(expected, graph):
                yield f"is another graph as {suffix}"
        for language in ("sv", "en"):
            page = self._service.get(f"{path}.html?lang={language}", "*/*")
            head = re.search(rb"<h1>(.*?)</h1>", page.body, re.DOTALL)
            if page.status != 200 or head is None or not re.sub(rb"<[^>]*>", b"", head[1]).strip():
                yield f"has no page with a heading in {language}: {page.status}"


def main(arguments: list[str]) -> int:
    """Walk; the exit status tells whether anything is wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("dataset", type=Path)
    parser.add_argument("--part", default="1/1", help="which of how many equal parts")
    parser.add_argument("--sample", type=int, default=15, help="how many of each kind")
    parser.add_argument("--every-format", action="store_true")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore", DeprecationWarning)
    store = ox.Store()
    store.bulk_load(path=options.dataset, format=ox.RdfFormat.N_QUADS)
    iris, founding = iris_of(options.dataset)
    chosen = set(iris) if options.every_format else founding | sample_of(iris, options.sample)
    number, of = map(int, options.part.split("/"))
    service = Service(StoreEngine(store))
    walk = Walk(service, store)
    wrong = 0
    seen: set[str] = set()
    try:
        for iri in iris[number - 1 :: of]:
            path = path_of(iri)
            is_chosen = iri in chosen and path not in seen
            seen.add(path)
            for fault in (*walk.faults(iri), *(walk.faults_of_formats(iri) if is_chosen else ())):
                wrong += 1
                sys.stdout.write(f"<{iri}> {fault}\n")
    finally:
        service.close()
    in_full = len(seen & {path_of(iri) for iri in chosen})
    sys.stdout.write(f"{len(iris[number - 1 :: of])} IRIs, {in_full} in every format\n")
    return int(bool(wrong))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
