"""Building: the same content gives the same version, and what must hold is held."""

import dataclasses
import gzip
import json
import random
import shutil
from hashlib import sha256
from pathlib import Path

import pytest
import rdflib
from pyoxigraph import NamedNode, RdfFormat, Store, Triple, parse, serialize
from rdflib.compare import isomorphic

from klustergraf.build import BuildResult, build, ensure_version
from klustergraf.derivations import DERIVATIONS, derive_beside
from klustergraf.errors import GraphParseError, ShapeViolations, VersionNotFound
from klustergraf.inputs import inputs_digest
from klustergraf.namespaces import GRAPH
from klustergraf.resources import room
from klustergraf.sources.own import SourceFile, source_files
from klustergraf.version import Manifest, Version, VersionStore, serialise_dataset


def _extra(tmp_path: Path, turtle: str) -> SourceFile:
    path = tmp_path / "extra.ttl"
    path.write_text(
        "@prefix dct: <http://purl.org/dc/terms/> ."
        "@prefix xsd: <http://www.w3.org/2001/XMLSchema#> ."
        "@prefix schema: <https://schema.org/> ."
        "@prefix kg: <https://w3id.org/klustergraf/ontology#> ."
        "@prefix skos: <http://www.w3.org/2004/02/skos/core#> ."
        "@base <https://w3id.org/klustergraf/id/> ."
        f"<{GRAPH}extra> a kg:NamedGraph ; dct:title 'x'@sv , 'x'@en ;"
        " kg:hasGraphKind kg:statedGraph ;"
        " dct:license <https://creativecommons.org/licenses/by/4.0/> ;"
        " dct:source <https://example.org/> ;"
        f" dct:issued '2026-01-01'^^xsd:date . {turtle}",
        encoding="utf-8",
    )
    digest = sha256(path.read_bytes()).hexdigest()
    return SourceFile(path, "extra.ttl", NamedNode(GRAPH + "extra"), digest)


def test_two_builds_give_the_same_bytes(
    founding: BuildResult, founding_files: list[SourceFile], tmp_path: Path
) -> None:
    """Same inputs, same version id, byte for byte, whatever the order of the files."""
    files = list(founding_files)
    random.Random(7).shuffle(files)
    again = build(tmp_path, files=files).version
    assert again.id == founding.version.id
    assert again.dataset_path.read_bytes() == founding.version.dataset_path.read_bytes()


def test_a_second_process_changes_nothing(
    founding: BuildResult,
    founding_files: list[SourceFile],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Shapes judged aside, as for large graphs: the same version, the same report, and refusals."""
    monkeypatch.setattr("klustergraf.build._LARGE", 0)
    again = build(tmp_path, files=founding_files)
    assert again.version.id == founding.version.id
    assert again.version.report_path.read_bytes() == founding.version.report_path.read_bytes()
    broken = _extra(tmp_path, "<actor/nameless> a kg:Company .")
    with pytest.raises(ShapeViolations, match="nameless"):
        build(tmp_path, files=[*founding_files, broken])


def test_packed_lines_and_turtle_give_the_same_version(
    founding_files: list[SourceFile], tmp_path: Path
) -> None:
    """What an importer writes is taken line by line, and says what its statements say."""
    turtle = _extra(
        tmp_path,
        "<project/x> a kg:Project ; skos:prefLabel 'x \\t \\u00e5'@SV , 'x \\t \\u00e5'@en ;"
        " skos:note '007'^^xsd:nonNegativeInteger .",
    )
    lines = (
        serialize((q.triple for q in parse(path=turtle.path)), format=RdfFormat.N_TRIPLES) or b""
    )
    packed = tmp_path / "extra.nt.gz"
    packed.write_bytes(gzip.compress(lines.replace(b"\xc3\xa5", b"\\u00E5") + b"# the end\n"))
    other = dataclasses.replace(turtle, path=packed)
    assert other.lines()
    assert turtle.lines() is None
    versions = [
        build(tmp_path / f"home{file.path.suffix}", files=[*founding_files, file]).version
        for file in (turtle, other)
    ]
    assert versions[0].id == versions[1].id
    assert b'"007"^^<http://www.w3.org/2001/XMLSchema#nonNegativeInteger>' in (
        versions[0].dataset_path.read_bytes()
    )


def test_nothing_is_built_twice(founding_files: list[SourceFile], tmp_path: Path) -> None:
    """The same inputs: the version that is there, at once; by force, another build of the same."""
    steps: list[str] = []

    def note(step: str, _: str) -> None:
        steps.append(step)

    first = build(tmp_path, note, founding_files)
    assert steps
    steps.clear()
    again = build(tmp_path, note, founding_files)
    assert (again.version, again.report, steps) == (first.version, None, [])
    forced = build(tmp_path, note, founding_files, force=True)
    assert forced.version == first.version
    assert forced.report is not None
    assert "shapes" in steps


def test_a_version_of_the_same_inputs_becomes_the_current_one(
    founding_files: list[SourceFile], tmp_path: Path
) -> None:
    """Back to the former inputs, back to the former version; what was deleted is built anew."""
    store = VersionStore(tmp_path / "home")
    first = build(store.home, files=founding_files).version
    more = _extra(tmp_path, "<project/x> a kg:Project ; skos:prefLabel 'x'@sv , 'x'@en .")
    second = build(store.home, files=[*founding_files, more]).version
    assert store.current() == second != first
    assert build(store.home, files=founding_files).report is None
    assert store.current() == first
    shutil.rmtree(first.path)
    assert build(store.home, files=founding_files).version == first
    assert first.manifest.validation["violation"] == 0


def test_the_digest_of_the_inputs_sees_any_change(
    founding_files: list[SourceFile], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another byte of a file or a rule, another graph: another digest. The order is the same."""
    digest = inputs_digest(founding_files)
    assert inputs_digest(reversed(founding_files)) == digest
    first, *others = founding_files
    found = {digest, inputs_digest(others)}
    for change in ({"sha256": "0" * 64}, {"graph": NamedNode(GRAPH + "other")}):
        found.add(inputs_digest([dataclasses.replace(first, **change), *others]))
    copied = shutil.copytree(room("queries"), tmp_path / "queries")
    monkeypatch.setattr("klustergraf.inputs.room", lambda _: copied)
    assert inputs_digest(founding_files) == digest
    rule = next((copied / "rules").glob("*.rq"))
    rule.write_text(rule.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    found.add(inputs_digest(founding_files))
    assert len(found) == 5


def test_the_version_is_named_by_its_content(shipped: BuildResult) -> None:
    """The id is the SHA-256 of the dataset, whose statements the manifest counts."""
    content = shipped.version.dataset_path.read_bytes()
    assert sha256(content).hexdigest() == shipped.version.id == shipped.version.manifest.id
    lines = content.splitlines()
    assert lines == sorted(set(lines))
    assert sum(shipped.version.manifest.triples.values()) == len(lines)


def test_other_parsers_read_the_dataset_alike(founding: BuildResult) -> None:
    """rdflib finds the same statements in the N-Quads as the engine does."""
    theirs = rdflib.Dataset()
    theirs.parse(data=founding.version.dataset_path.read_bytes(), format="nquads")
    counts = {str(graph.identifier): len(graph) for graph in theirs.graphs() if len(graph)}
    assert counts == {name: n for name, n in founding.version.manifest.triples.items() if n}


def test_the_ontology_graph_is_the_ontology_files(founding: BuildResult) -> None:
    """Canonical labels of blank nodes change no statement: the graph is isomorphic to its files."""
    dataset, files = rdflib.Dataset(), rdflib.Graph()
    dataset.parse(data=founding.version.dataset_path.read_bytes(), format="nquads")
    for file in source_files():
        if file.graph.value == GRAPH + "ontology":
            files.parse(file.path, format="turtle")
    built = rdflib.Graph()
    for triple in dataset.graph(rdflib.URIRef(GRAPH + "ontology")):
        built.add(triple)
    assert isomorphic(built, files)


def test_canonical_form_does_not_depend_on_labels_or_order() -> None:
    """Two ways to write one dataset give the same bytes."""
    one = "_:a <http://e/p> _:b . _:b <http://e/q> '1' . <http://e/s> <http://e/p> _:a ."
    other = "<http://e/s> <http://e/p> _:x9 . _:k <http://e/q> '1' . _:x9 <http://e/p> _:k ."
    written = [serialise_dataset(parse(text, format=RdfFormat.TURTLE)) for text in (one, other)]
    assert written[0] == written[1]


def test_every_source_stands_in_the_manifest(shipped: BuildResult) -> None:
    """The manifest names every file with its digest, and survives being written and read."""
    manifest = shipped.version.manifest
    assert {record.path for record in manifest.sources} == {file.name for file in source_files()}
    assert Manifest.from_json(manifest.to_json()) == manifest
    assert json.loads(manifest.to_json())["validation"]["violation"] == 0


def test_a_violation_stops_the_build_and_leaves_the_current_version(
    founding_files: list[SourceFile], tmp_path: Path
) -> None:
    """What violates a shape never enters a version; the one that is served stays."""
    home = tmp_path / "home"
    before = build(home, files=founding_files).version
    broken = _extra(tmp_path, "<actor/nameless> a kg:Company .")
    with pytest.raises(ShapeViolations) as refusal:
        build(home, files=[*founding_files, broken])
    assert "nameless" in refusal.value.report_text
    assert "ValidationReport" in refusal.value.report_turtle
    assert VersionStore(home).current() == before
    assert len(VersionStore(home).versions()) == 1


def test_a_dangling_reference_stops_the_build(
    founding_files: list[SourceFile], tmp_path: Path
) -> None:
    """The queries of queries/quality/ are part of the gate, and say what they found."""
    dangling = _extra(
        tmp_path,
        "<project/x> a kg:Project ; skos:prefLabel 'x'@sv , 'x'@en ; "
        "kg:isInitiatedBy <actor/nobody-knows> .",
    )
    with pytest.raises(ShapeViolations, match="nobody-knows"):
        build(tmp_path / "home", files=[*founding_files, dangling])


def test_the_quality_queries_see_in_which_graph_something_stands(
    founding_files: list[SourceFile], tmp_path: Path
) -> None:
    """A collaboration that a source asserts, and a graph that nothing describes, are refused."""
    asserted = _extra(tmp_path, "<actor/region-stockholm> kg:collaboratesWith <actor/kth> .")
    with pytest.raises(ShapeViolations, match="A derived collaboration stands as asserted"):
        build(tmp_path / "home", files=[*founding_files, asserted])
    nameless = dataclasses.replace(
        _extra(tmp_path, "<actor/region-stockholm> schema:keywords 'x'@en ."),
        graph=NamedNode(GRAPH + "nobody-tells"),
    )
    with pytest.raises(ShapeViolations, match=r"no description\n +graph <.*nobody-tells>"):
        build(tmp_path / "home", files=[*founding_files, nameless])


def test_a_file_that_is_not_rdf_stops_the_build_with_its_place(tmp_path: Path) -> None:
    """The message names file, line and reason, and nothing is stored."""
    file = dataclasses.replace(_extra(tmp_path, ""), name="broken")
    file.path.write_text("<https://example.org/a> <https://example.org/b>\n  ;; .")
    with pytest.raises(GraphParseError) as error:
        build(tmp_path / "home", files=[file])
    assert error.value.line == 2
    assert not (tmp_path / "home").exists()


def test_ensure_version_builds_once(tmp_path: Path) -> None:
    """The shipped graph is built when there is no version yet, and only then."""
    steps: list[str] = []
    first = ensure_version(tmp_path, lambda step, _: steps.append(step))
    assert {"sources", "rules", "shapes", "version"} <= set(steps)
    steps.clear()
    assert ensure_version(tmp_path, lambda step, _: steps.append(step)) == first
    assert steps == []


def test_versions_are_found_by_the_beginning_of_their_id(shipped: BuildResult) -> None:
    """Seven characters suffice; an unknown or shorter name is refused."""
    store = VersionStore(shipped.version.path.parents[1])
    assert store.get(shipped.version.id[:7]) == shipped.version
    for name in ("0000000", shipped.version.id[:6], "../" + shipped.version.id):
        with pytest.raises(VersionNotFound):
            store.get(name)


def test_derived_and_asserted_stay_apart(shipped_store: Store) -> None:
    """No statement stands both in a derived graph and in one that a source made."""
    derived: set[Triple] = set()
    asserted: set[Triple] = set()
    for quad in shipped_store:
        if isinstance(quad.graph_name, NamedNode):
            is_derived = quad.graph_name.value.startswith(GRAPH + "derived/")
            (derived if is_derived else asserted).add(quad.triple)
    assert derived
    assert asserted
    assert not derived & asserted


def test_other_processes_derive_the_same(founding: BuildResult, tmp_path: Path) -> None:
    """What other processes derive is there; where it cannot be, the reason is told."""
    folder = tmp_path / founding.version.id
    shutil.copytree(founding.version.path, folder, ignore=shutil.ignore_patterns("derived"))
    version = Version(folder)
    assert derive_beside(version) == ""
    made = {path.name for path in (folder / "derived").iterdir() if not path.name.startswith(".")}
    assert made == {derivation.name for derivation in DERIVATIONS}
    shutil.rmtree(folder / "derived")
    version.dataset_path.write_bytes(b"no dataset\n")
    assert "not enough values" in derive_beside(version)


def test_what_is_derived_from_a_version_is_made_once_and_whole(tmp_path: Path) -> None:
    """A derived folder is made once; a maker that fails leaves nothing, and may try again."""
    version = Version(tmp_path)
    calls: list[Path] = []

    def make(made_from: Version, folder: Path) -> None:
        calls.append(folder)
        assert made_from == version
        (folder / "half").write_text("half")
        if len(calls) == 1:
            raise OSError("the disk is full")

    with pytest.raises(OSError, match="full"):
        version.derived("index-1", make)
    assert not [p for p in (tmp_path / "derived").rglob("*") if not p.name.endswith(".lock")]
    folder = version.derived("index-1", make)
    assert version.derived("index-1", make) == folder == tmp_path / "derived" / "index-1"
    assert [p.name for p in folder.iterdir()] == ["half"]
    assert len(calls) == 2
