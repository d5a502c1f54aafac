"""Puts a version into a store elsewhere, graph by graph, by SPARQL 1.1 Graph Store HTTP Protocol.

What was put is written into the store itself, after each graph
(:mod:`klustergraf.engine.publication`). So a publication that was broken off goes on where it
stopped, graphs that have not changed are left alone, and a store that holds half a version says so.
"""

import contextlib
import http.client
import tempfile
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import file_digest
from pathlib import Path
from typing import IO

from pyoxigraph import NamedNode, RdfFormat, parse

from klustergraf.engine.publication import (
    MERGED_GRAPH,
    RECORD_GRAPH,
    Publication,
    PublishedGraph,
)
from klustergraf.engine.refusals import first_words
from klustergraf.engine.transport import Credentials, send
from klustergraf.errors import EngineUnavailable
from klustergraf.version import Version

Progress = Callable[[str, str], None]
"""Called with the name of a step that begins, and what it works on."""

_N_TRIPLES = "application/n-triples"


@dataclass(frozen=True)
class GraphStore:
    """A store that speaks the Graph Store Protocol at ``url`` (indirect: ``url?graph=IRI``).

    Units: ``timeout_seconds`` is how long the store may be silent, while it takes one graph.
    """

    url: str
    credentials: Credentials | None = None
    timeout_seconds: float = 600.0

    def get(self, graph: str) -> list[tuple[str, str, str]]:
        """Read a small graph: its triples, each term as its text; none when it is not there.

        Errors: EngineUnavailable.
        """
        request = self._request("GET", graph)
        request.add_header("Accept", f"{_N_TRIPLES}, text/turtle;q=0.5")
        with self._sent(request, (200, 204, 404)) as answer:
            content, media_type = answer.read(), answer.headers.get_content_type()
            if answer.status != http.client.OK:
                return []
        try:
            triples = list(parse(content, format=RdfFormat.from_media_type(media_type)))
        except (SyntaxError, ValueError) as exc:
            raise EngineUnavailable(
                f"{self.url} does not answer with RDF: it is no graph store."
            ) from exc
        texts = ((t.subject, t.predicate, t.object) for t in triples)
        return [(_text(s), _text(p), _text(o)) for s, p, o in texts]

    def put(self, graph: str, content: bytes | Path) -> None:
        """Replace a graph by triples in N-Triples.

        Errors: EngineUnavailable.
        """
        request = self._request("PUT", graph)
        request.add_header("Content-Type", _N_TRIPLES)
        with contextlib.ExitStack() as stack:
            if isinstance(content, bytes):
                request.data = content
            else:
                request.data = stack.enter_context(content.open("rb"))
                # Without it urllib sends in chunks, and Virtuoso takes that for an empty graph.
                # It goes after the data: setting that forgets it.
                request.add_header("Content-Length", str(content.stat().st_size))
            stack.enter_context(self._sent(request, (200, 201, 202, 204)))

    def delete(self, graph: str) -> None:
        """Remove a graph; it may be gone already.

        Errors: EngineUnavailable.
        """
        with self._sent(self._request("DELETE", graph), (200, 202, 204, 404)):
            pass

    def _request(self, method: str, graph: str) -> urllib.request.Request:
        joint = "&" if urllib.parse.urlsplit(self.url).query else "?"
        url = f"{self.url}{joint}{urllib.parse.urlencode({'graph': graph})}"
        return urllib.request.Request(url, method=method)  # noqa: S310 - the command checks it

    @contextlib.contextmanager
    def _sent(
        self, request: urllib.request.Request, expected: tuple[int, ...]
    ) -> Iterator[http.client.HTTPResponse]:
        try:
            answer = send(
                request, timeout_seconds=self.timeout_seconds, credentials=self.credentials
            )
            with contextlib.closing(answer):
                if answer.status not in expected:
                    raise EngineUnavailable(self._refusal(answer))
                yield answer
        except (OSError, http.client.HTTPException) as exc:
            reason = getattr(exc, "reason", None) or exc
            raise EngineUnavailable(
                f"{self.url} broke off or cannot be reached: {reason}. "
                "What was put is recorded there; the same command goes on from it."
            ) from exc

    def _refusal(self, answer: http.client.HTTPResponse) -> str:
        match answer.status:
            case 401 if self.credentials:
                return (
                    f"{self.url} does not take this name and password "
                    f"(sent as {self.credentials.scheme}; see --auth)."
                )
            case 401:
                return f"{self.url} wants a name and a password (--user, --password)."
            case 403:
                return f"{self.url} does not allow its graphs to be changed by this user."
            case 404 | 405 | 501:
                return f"{self.url} is no graph store; docs/engines.md tells each engine's address."
            case status if 300 <= status < 400:
                return f"{self.url} has moved to {answer.headers.get('Location')}; give that."
            case status:
                words = first_words(answer.read(8192).decode("utf-8", "replace"))
                return f"{self.url} answered with status {status}: {words}"


@dataclass
class PublishResult:
    """What a publication did: the graphs that were put, left as they were, and removed."""

    put: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)
    removed: list[str] = field(default_factory=list)


def publish(
    version: Version,
    store: GraphStore,
    progress: Progress = lambda _step, _detail: None,
    *,
    with_merged_graph: bool = True,
    anew: bool = False,
) -> PublishResult:
    """Make a store hold a version. What of it lies there already is left as it is.

    ``with_merged_graph`` puts the merge of all graphs as a graph of its own, which
    ``RemoteEngine`` gives to queries as their default graph. ``anew`` trusts nothing that is there.
    Errors: EngineUnavailable; the same call goes on where it stopped.
    """
    result = PublishResult()
    progress("reading", "what the store holds")
    there = Publication.from_statements(store.get(RECORD_GRAPH))
    with tempfile.TemporaryDirectory(prefix="klustergraf-") as folder:
        progress("splitting", version.id[:12])
        files = split(version.dataset_path, Path(folder), with_merged_graph=with_merged_graph)
        wanted = {iri: graph for iri, (_, graph) in files.items()}
        if not anew and there == Publication(wanted, version.id):
            return PublishResult(kept=sorted(wanted))
        held = dict(there.graphs)

        def record() -> None:
            store.put(RECORD_GRAPH, Publication(held).to_n_triples())

        record()  # from here on, and until the end, the store says that it is between versions
        for iri in sorted(wanted):
            if held.get(iri) == wanted[iri] and not anew:
                result.kept.append(iri)
                continue
            progress("putting", f"{iri} ({wanted[iri].triples} triples)")
            if held.pop(iri, None):
                record()  # while it is being replaced it is neither the old nor the new one
            store.put(iri, files[iri][0])
            held[iri] = wanted[iri]
            record()
            result.put.append(iri)
        for iri in sorted(set(held) - set(wanted)):
            progress("removing", iri)
            store.delete(iri)
            del held[iri]
            record()
            result.removed.append(iri)
    store.put(RECORD_GRAPH, Publication(held, version.id).to_n_triples())
    return result


def split(
    dataset: Path, folder: Path, *, with_merged_graph: bool
) -> dict[str, tuple[Path, PublishedGraph]]:
    """Write each graph of a dataset into a file of its own, as N-Triples; sorted as it is.

    Two quads that differ in their graph alone follow each other in a sorted dataset, so the merge
    takes no memory either. Statements outside of any named graph are in the merge only.
    """
    counts: dict[str, int] = {}
    paths: dict[str, Path] = {}
    before = b""
    with contextlib.ExitStack() as stack:
        outputs: dict[str, IO[bytes]] = {}

        def write(iri: str, line: bytes) -> None:
            if iri not in outputs:
                paths[iri] = folder / f"{len(paths)}.nt"
                outputs[iri] = stack.enter_context(paths[iri].open("wb"))
            outputs[iri].write(line)
            counts[iri] = counts.get(iri, 0) + 1

        for quad in parse(path=dataset, format=RdfFormat.N_QUADS):
            line = f"{quad.triple} .\n".encode()
            if isinstance(quad.graph_name, NamedNode):
                write(quad.graph_name.value, line)
            if with_merged_graph and line != before:
                write(MERGED_GRAPH, line)
            before = line
    files = {}
    for iri, path in paths.items():
        with path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        files[iri] = (path, PublishedGraph(digest, counts[iri]))
    return files


def _text(term: object) -> str:
    return str(getattr(term, "value", term))
