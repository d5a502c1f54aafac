"""How fast shapes are validated: compiled to SPARQL, beside pySHACL and pyrudof, in one run.

Run it alone: ``.venv/bin/python bench/shacl.py [--quick]``. Each engine gets the same statements,
made with a fixed seed, some of them wrong, and the shapes of the graph. The engines take turns;
times are medians of the turns; each engine is measured in a process of its own, so that memory is
its own too. pyrudof is left out where it is not installed.
"""

import argparse
import importlib.util
import itertools
import multiprocessing
import random
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, Final

import pyoxigraph as ox

from klustergraf.namespaces import ID, KG, ORG, PROV, RDF, SCHEMA, SH, SKOS, XSD
from klustergraf.rdf_files import iter_quads, read_quads
from klustergraf.resources import room
from klustergraf.shacl import validate
from klustergraf.shacl.change import Validator
from klustergraf.shacl.compiler.index import ShapesGraph
from klustergraf.shacl.compiler.reader import read_shapes
from klustergraf.shacl.shapes import graph_shapes, load_shapes

SIZES: Final = (10_000, 100_000, 1_000_000)
_PYSHACL_MOST: Final = 100_000
_RUDOF_MOST: Final = 100_000
_PER_ACTOR: Final = 18
_TYPE: Final = ox.NamedNode(RDF + "type")


def statements(size: int, seed: int = 8) -> Iterator[ox.Quad]:
    """Make about ``size`` statements on actors, their places, projects and what they share."""
    chance = random.Random(seed)  # noqa: S311 (made-up data is no secret)

    def state(subject: str, predicate: str, value: Any) -> ox.Quad:
        if isinstance(value, str):
            value = ox.NamedNode(value)
        return ox.Quad(ox.NamedNode(subject), ox.NamedNode(predicate), value)

    def named(thing: str, text: str) -> Iterator[ox.Quad]:
        yield state(thing, SKOS + "prefLabel", ox.Literal(f"{text} på svenska", language="sv"))
        if chance.random() > 0.002:  # else its English name is missing
            yield state(thing, SKOS + "prefLabel", ox.Literal(f"{text} in English", language="en"))

    count = max(size // _PER_ACTOR, 10)
    yield state(f"{ID}role/r0", RDF + "type", ORG + "Role")
    for number in range(count // 20 + 1):
        place = f"{ID}place/p{number}"
        yield state(place, RDF + "type", KG + "Place")
        yield from named(place, f"Place {number}")
    for number in range(count):
        actor, project = f"{ID}actor/a{number}", f"{ID}project/q{number // 4}"
        yield state(actor, RDF + "type", KG + chance.choice(("Company", "University", "Actor")))
        yield from named(actor, f"Actor {number}")
        where = chance.randrange(count // 20 + 1)
        wrong = chance.random() < 0.002  # located in something that is no place
        yield state(actor, KG + "locatedIn", actor if wrong else f"{ID}place/p{where}")
        yield state(actor, KG + "collaboratesWith", f"{ID}actor/a{chance.randrange(count)}")
        since = ox.Literal(f"{chance.randint(1950, 2025)}", datatype=ox.NamedNode(XSD + "gYear"))
        yield state(actor, SCHEMA + "foundingDate", since)
        membership = f"{ID}membership/m{number}"
        yield state(membership, RDF + "type", KG + "Membership")
        yield state(membership, ORG + "member", actor)
        yield state(membership, ORG + "organization", f"{ID}actor/a{chance.randrange(count)}")
        part = f"{ID}participation/d{number}"
        yield state(part, RDF + "type", KG + "ProjectParticipation")
        yield state(part, KG + "hasCertainty", KG + "stated")
        yield state(membership, KG + "hasCertainty", KG + "stated")
        yield state(membership, ORG + "role", f"{ID}role/r0")
        yield state(membership, PROV + "wasDerivedFrom", part)
        yield state(part, PROV + "wasDerivedFrom", membership)
        yield state(part, KG + "inProject", project)
        yield state(part, KG + "hasParticipant", actor)
        if number % 4 == 0:
            yield state(project, RDF + "type", KG + "Project")
            yield from named(project, f"Project {number}")


def ontology() -> list[ox.Quad]:
    """Read the ontology, of which the shapes need the subclasses."""
    return [quad for path in sorted(room("ontology").glob("*.ttl")) for quad in read_quads(path)]


def by_compiled(size: int) -> tuple[float, int]:
    """Validate a file with compiled shapes; give the seconds and the number of results."""
    return _timed(lambda path: validate(iter_quads(path)).total, size)


def by_pyshacl(size: int) -> tuple[float, int]:
    """Validate a file with pySHACL."""
    return _timed(lambda path: validate(iter_quads(path), engine="pyshacl").total, size)


def by_store(size: int) -> tuple[float, int]:
    """Validate what is in a store already, as it is."""
    store = ox.Store()
    store.bulk_extend([*ontology(), *statements(size)])
    load_shapes(None)
    start = time.perf_counter()
    found = validate(store).total
    return time.perf_counter() - start, found


def by_loading(size: int) -> tuple[float, int]:
    """Load the file into a store and do nothing more: what of time and memory is the store's."""

    def load(path: Path) -> int:
        store = ox.Store()
        store.bulk_load(path=path, format=ox.RdfFormat.N_TRIPLES)
        return 0

    return _timed(load, size)


def _timed(work: Callable[[Path], int], size: int) -> tuple[float, int]:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "data.nt")
        _write(path, size)
        load_shapes(None)
        start = time.perf_counter()
        found = work(path)
        return time.perf_counter() - start, found


def _write(path: Path, size: int) -> None:
    quads = itertools.chain(ontology(), statements(size))
    triples = (ox.Triple(q.subject, q.predicate, q.object) for q in quads)
    ox.serialize(triples, str(path), format=ox.RdfFormat.N_TRIPLES)


def by_rudof(size: int) -> tuple[float, int]:
    """Validate with pyrudof, by shapes without the targets in SPARQL, which it does not have."""
    import pyrudof  # type: ignore[import-not-found,unused-ignore]

    with tempfile.TemporaryDirectory() as folder:
        data, shapes = Path(folder, "data.nt"), Path(folder, "shapes.ttl")
        _write(data, size)
        graph = [q for p in graph_shapes() for q in read_quads(p)]
        left = {SH + "target", SH + "sparql"}
        kept = [q for q in graph if q.predicate.value not in left]
        triples = (ox.Triple(q.subject, q.predicate, q.object) for q in kept)
        ox.serialize(triples, str(shapes), format=ox.RdfFormat.TURTLE)
        start = time.perf_counter()
        rudof = pyrudof.Rudof(pyrudof.RudofConfig())
        rudof.read_data(str(data), format=pyrudof.RDFFormat.NTriples)
        rudof.read_shacl(str(shapes), format=pyrudof.ShaclFormat.Turtle)
        report = rudof.validate_shacl()
        seconds = time.perf_counter() - start
        return seconds, len(report.results()) if hasattr(report, "results") else -1


def by_change(size: int) -> tuple[float, int]:
    """Validate a change of fifty things in a graph that is loaded."""
    validator = Validator([*ontology(), *statements(size)])
    validator.validate_change()
    times, found = [], 0
    for turn in range(5):
        added = [
            ox.Quad(
                ox.NamedNode(f"{ID}actor/a{turn * 50 + number}"),
                ox.NamedNode(KG + "locatedIn"),
                ox.NamedNode(f"{ID}place/{'nowhere' if number % 5 == 0 else 'p0'}"),
            )
            for number in range(50)
        ]
        start = time.perf_counter()
        found += validator.validate_change(added).came.total
        times.append(time.perf_counter() - start)
    return statistics.median(times), found


def compile_seconds(count: int = 500) -> float:
    """Take the time from the statements of ``count`` property shapes to a first empty report."""
    lines = [f"@prefix sh: <{SH}> . @prefix ex: <urn:ex:> ."] + [
        f"ex:S{number // 10} a sh:NodeShape ; sh:targetClass ex:C{number // 10} ;"
        f" sh:property ex:P{number} . ex:P{number} a sh:PropertyShape ; sh:path ex:p{number} ;"
        " sh:minCount 1 ; sh:maxCount 3 ; sh:nodeKind sh:IRI ; sh:class ex:D ."
        for number in range(count)
    ]
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "shapes.ttl")
        path.write_text("\n".join(lines), encoding="utf-8")
        start = time.perf_counter()
        validate([], [path])
        taken = time.perf_counter() - start
        graph = ShapesGraph(read_quads(path))
    if len(read_shapes(graph).by_node) < count:
        raise AssertionError("the shapes were not read")
    return taken


def _apart(work: Callable[[int], tuple[float, int]], size: int) -> tuple[float, int, float]:
    """Run in a process of its own; give the seconds, the results and the peak memory in MiB."""
    context = multiprocessing.get_context("spawn")
    receiver, sender = context.Pipe(duplex=False)
    process = context.Process(target=_child, args=(work, size, sender))
    process.start()
    sender.close()
    try:
        answer: tuple[float, int, float] = receiver.recv()
    except EOFError:
        answer = (float("nan"), -1, float("nan"))
    process.join()
    return answer


def _child(work: Callable[[int], tuple[float, int]], size: int, sender: Any) -> None:
    seconds, found = work(size)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    sender.send((seconds, found, peak))


def main(arguments: list[str] | None = None) -> None:
    """Measure, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="ten thousand statements, one turn")
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--size", type=int, action="append", help="this size alone")
    parser.add_argument(
        "--pyshacl-most", type=int, default=_PYSHACL_MOST, help="leave pySHACL out above this size"
    )
    chosen = parser.parse_args(sys.argv[1:] if arguments is None else arguments)
    sizes = SIZES[:1] if chosen.quick else tuple(chosen.size or SIZES)
    turns = 1 if chosen.quick else chosen.turns
    say(f"compile 500 property shapes: {compile_seconds():.2f} s")
    say(f"{'statements':>10}  {'engine':<9} {'seconds':>9} {'results':>8} {'peak MiB':>9}  ratio")
    for size in sizes:
        engines = {"compiled": by_compiled, "on store": by_store, "load only": by_loading}
        if size <= max(_PYSHACL_MOST, chosen.pyshacl_most):
            engines["pyshacl"] = by_pyshacl
        if size <= _RUDOF_MOST and importlib.util.find_spec("pyrudof"):
            engines["pyrudof"] = by_rudof
        measured: dict[str, list[tuple[float, int, float]]] = {name: [] for name in engines}
        for turn in range(turns):
            for name, work in engines.items():
                if turn == 0 or size < _PYSHACL_MOST or name in ("compiled", "on store"):
                    measured[name].append(_apart(work, size))
        ours = statistics.median(seconds for seconds, _, _ in measured["compiled"])
        for name, runs in measured.items():
            seconds = statistics.median(run[0] for run in runs)
            peak = statistics.median(run[2] for run in runs)
            found = f"{runs[0][1]:,}" if runs[0][1] >= 0 else "untold"
            row = f"{seconds:>9.2f} {found:>8} {peak:>9.0f}  {seconds / ours:.1f}"
            say(f"{size:>10,}  {name:<9} {row}")
        if "pyshacl" not in engines:
            say(f"{size:>10,}  pyshacl   left out: it takes minutes where {_PYSHACL_MOST:,} do")
        seconds, came, _ = _apart(by_change, size)
        say(f"{size:>10,}  a change of 50 things: {seconds * 1000:.0f} ms, {came} results came")


def say(line: str) -> None:
    """Print a line at once."""
    sys.stdout.write(line + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
