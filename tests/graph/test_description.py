"""Statistics, VoID, DCAT and dumps of a version, each against something independent."""

import gzip
import json
from collections import Counter
from hashlib import sha256
from pathlib import Path
from typing import get_args

import pyoxigraph as ox
import pytest
import rdflib
import zstandard
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from rdflib.compare import isomorphic

from application_profiles import profile, validate_profile
from klustergraf.cli import main
from klustergraf.description.dcat import (
    PUBLISHER_TYPES,
    CatalogueSubject,
    DumpFile,
    Publisher,
    describe_catalogue,
)
from klustergraf.description.statistics import count_statements, read_statistics
from klustergraf.description.things import thing_files
from klustergraf.description.void import describe_void
from klustergraf.dumps import find_dump, list_dumps, make_dump
from klustergraf.errors import DumpNotFound
from klustergraf.namespaces import DCAT, DCT, SCHEMA, VOID, XSD
from klustergraf.shacl import catalogue_shapes, validate
from klustergraf.version import Version, serialise_dataset
from klustergraf_api.settings import Settings
from two_versions import GRAPH, two_versions

URL = "https://data.example.org/"
PUBLISHER = Publisher(
    "Exempelorganisationen", "2120000001", "oppnadata@example.org", "RegionalAuthority"
)


@pytest.fixture(scope="module")
def version(tmp_path_factory: pytest.TempPathFactory) -> Version:
    """Give a small version."""
    return two_versions(tmp_path_factory.mktemp("description"))[1]


nodes = st.sampled_from([ox.NamedNode(f"http://example.org/{n}") for n in "abc"])
values = st.one_of(
    nodes,
    st.text(st.sampled_from('a <>"\\\n.@^_:'), max_size=8).map(ox.Literal),
    st.just(ox.Literal("x <http://example.org/a>", language="sv")),
    st.just(ox.Literal("1", datatype=ox.NamedNode("http://example.org/t"))),
    st.just(ox.BlankNode("b")),
)
graphs = st.one_of(nodes, st.just(ox.DefaultGraph()))


@given(st.lists(st.builds(ox.Quad, nodes, nodes, values, graphs), max_size=20))
def test_counts_are_those_of_the_quads(quads: list[ox.Quad]) -> None:
    """Counting lines gives what counting parsed statements gives, whatever literals hold."""
    document = serialise_dataset(quads)
    parsed = list(ox.parse(document, format=ox.RdfFormat.N_QUADS))
    found = count_statements(document.splitlines(keepends=True))
    names = {q: getattr(q.graph_name, "value", "") for q in parsed}
    assert {g: s.triples for g, s in found.items()} == Counter(names.values())
    for graph, counted in found.items():
        own = [q for q in parsed if names[q] == graph]
        assert counted.subjects == len({q.subject for q in own})
        assert counted.objects == len({q.object for q in own})
        for name, used in counted.properties.items():
            of_it = [q for q in own if q.predicate.value == name]
            assert used.triples == len(of_it)
            assert used.subjects == len({q.subject for q in of_it})
            assert used.objects == len({q.object for q in of_it})


def test_void(version: Version) -> None:
    """Classes, properties and their counts are those that SPARQL gives; nothing is blank."""
    triples = describe_void(version.id, version.manifest.created, read_statistics(version), URL)
    assert not any(isinstance(t.subject, ox.BlankNode) for t in triples)
    described = ox.Store()
    described.extend(ox.Quad(t.subject, t.predicate, t.object) for t in triples)
    data = ox.Store()
    data.bulk_load(path=version.dataset_path, format=ox.RdfFormat.N_QUADS)
    for partition, key, count, group in (
        ("classPartition", "class", "entities", "?s a ?k"),
        ("propertyPartition", "property", "triples", "?s ?k ?o"),
    ):
        told = described.query(
            f"PREFIX void: <{VOID}> SELECT ?k ?n {{ ?d void:{partition} ?p . "
            f"?p void:{key} ?k ; void:{count} ?n }}"
        )
        counted = data.query(
            f"SELECT ?k (COUNT(DISTINCT *) AS ?n) {{ GRAPH <{GRAPH}> {{ {group} }} }} GROUP BY ?k"
        )
        assert {str(row) for row in rows(told)} == {str(row) for row in rows(counted)}


def rows(found: object) -> list[tuple[str, ...]]:
    """Give solutions as texts."""
    assert isinstance(found, ox.QuerySolutions)
    return [tuple(str(term) for term in row) for row in found]


def test_links_to_others_are_linksets() -> None:
    """Statements that lead from our things to others' are counted by predicate and target."""
    start = b"<https://w3id.org/klustergraf/id/actor/a> <http://www.w3.org/2002/07/owl#sameAs> "
    ends = (b"<https://ror.org/1>", b"<https://ror.org/2>", b"<https://w3id.org/klustergraf/id/b>")
    found = count_statements(start + end + b" <x:g> .\n" for end in ends)["x:g"]
    assert found.links == {"http://www.w3.org/2002/07/owl#sameAs": {"https://ror.org/": 2}}


def catalogue(publisher: Publisher = PUBLISHER) -> list[ox.Triple]:
    """Describe an example."""
    dump = DumpFile(
        "klustergraf.nq.gz", "application/n-quads", {"sv": "Allt", "en": "All"},
        "application/gzip", "ab" * 32, 12,
    )  # fmt: skip
    date = "2026-11-26T12:00:00+00:00"
    years = ("1984", "2031")
    tables = ("tables/actors.csv", "tables/places.csv")
    subject = CatalogueSubject("cd" * 32, date, date, URL, publisher, (dump,), tables, years)
    return describe_catalogue(subject)


def test_catalogue() -> None:
    """What DCAT-AP-SE 3.0.1 makes mandatory is there, in both languages, without blank nodes."""
    graph = rdflib.Graph()
    text = ox.serialize(catalogue(), format=ox.RdfFormat.RDF_XML)
    graph.parse(data=text, format="xml")
    assert not any(isinstance(term, rdflib.BNode) for triple in graph for term in triple)
    answer = graph.query(
        """
        PREFIX dcat: <http://www.w3.org/ns/dcat#> PREFIX dct: <http://purl.org/dc/terms/>
        PREFIX foaf: <http://xmlns.com/foaf/0.1/> PREFIX v: <http://www.w3.org/2006/vcard/ns#>
        PREFIX spdx: <http://spdx.org/rdf/terms#>
        ASK {
          ?catalogue a dcat:Catalog ; dct:title ?c1 , ?c2 ; dct:description ?c3 ; dcat:dataset ?d ;
            dct:publisher <http://dataportal.se/organisation/SE2120000001> ;
            dct:license <http://creativecommons.org/publicdomain/zero/1.0/> .
          FILTER(lang(?c1) = "sv" && lang(?c2) = "en")
          <http://dataportal.se/organisation/SE2120000001> a foaf:Agent ; foaf:name ?name .
          ?d a dcat:Dataset ; dct:title ?d1 ; dct:description ?d2 ; dcat:contactPoint ?contact ;
            dct:publisher <http://dataportal.se/organisation/SE2120000001> ;
            dcat:distribution ?file , ?access .
          ?contact a v:Organization ; v:fn ?fn ; v:hasEmail <mailto:oppnadata@example.org> .
          ?file dcat:downloadURL ?url ; spdx:checksum/spdx:checksumValue ?sum ;
            dct:license <http://creativecommons.org/licenses/by/4.0/> .
          ?tables dcat:downloadURL <https://data.example.org/dumps/VERSION/tables/actors.csv> ,
            <https://data.example.org/dumps/VERSION/tables/places.csv> ;
            dct:format <http://publications.europa.eu/resource/authority/file-type/CSV> .
          ?d dcat:distribution ?tables .
          ?access dcat:accessService ?service .
          ?service a dcat:DataService ; dcat:endpointURL <https://data.example.org/sparql> ;
            dcat:endpointDescription <https://data.example.org/openapi.json> ;
            dcat:servesDataset ?d .
        }""".replace("VERSION", "cd" * 32)
    )
    assert answer.askAnswer


def test_the_catalogue_conforms() -> None:
    """The shapes of DCAT-AP-SE find nothing, not even a warning; the European ones neither."""
    quads = [ox.Quad(t.subject, t.predicate, t.object) for t in catalogue()]
    assert validate(quads, [catalogue_shapes()], engine="both").results == ()
    if profile("dcat-ap-3.0.1"):
        assert validate_profile(quads, "dcat-ap-3.0.1").conforms


def test_each_kind_of_publisher_can_be_told() -> None:
    """What may be set as the publisher's type has names in both languages, and conforms."""
    field = Settings.model_fields["publisher_type"].annotation
    assert set(get_args(field)) == {"", *PUBLISHER_TYPES}
    for kind in PUBLISHER_TYPES:
        quads = [
            ox.Quad(t.subject, t.predicate, t.object)
            for t in catalogue(Publisher("X", "2120000001", "x@example.org", kind))
        ]
        assert validate(quads, [catalogue_shapes()]).results == ()


def test_years_are_those_of_starts_and_ends() -> None:
    """The years come from dates, months and years of starts and ends, and from nothing else."""
    start, end = (f"<{SCHEMA}{name}>" for name in ("startDate", "endDate"))
    lines = [
        f'<x:a> {end} "2031-12"^^<{XSD}gYearMonth> <x:g> .\n',
        f'<x:a> {start} "1999-01-01"^^<{XSD}date> <x:g> .\n',
        f'<x:b> {start} "1984"^^<{XSD}gYear> <x:g> .\n',
        f'<x:b> <{DCT}date> "1500"^^<{XSD}gYear> <x:g> .\n',
        '<x:b> <x:p> "1" <x:h> .\n',
    ]
    found = count_statements(line.encode() for line in lines)
    assert (found["x:g"].years, found["x:h"].years) == (["1984", "2031"], [])


def test_an_unnamed_publisher_claims_nothing() -> None:
    """Without settings nobody's organisation number or mailbox is told."""
    text = (ox.serialize(catalogue(Publisher()), format=ox.RdfFormat.N_TRIPLES) or b"").decode()
    assert "dataportal.se" not in text
    assert "mailto:" not in text
    assert f"<{DCAT}contactPoint>" in text


def unpacked(path: Path, packing: str) -> bytes:
    """Unpack a file with a library that reads streams."""
    content = path.read_bytes()
    if packing == "gz":
        return gzip.decompress(content)
    return zstandard.ZstdDecompressor().decompressobj().decompress(content) if packing else content


# rdflib's TriG parser uses a class that rdflib itself deprecates.
@pytest.mark.filterwarnings("ignore:ConjunctiveGraph is deprecated:DeprecationWarning")
def test_dumps_hold_the_dataset(version: Version) -> None:
    """Every file, read by rdflib, is what the dataset or its graph is; its digest is right."""
    whole = rdflib.Dataset()
    whole.parse(version.dataset_path, format="nquads")
    expected = rdflib.Graph()
    for triple in whole.graph(rdflib.URIRef(GRAPH)):
        expected.add(triple)
    names = {"nq": "nquads", "trig": "trig", "ttl": "turtle", "jsonld": "json-ld"}
    dumps = [dump for dump in list_dumps(version) if dump.kind != "csv"]
    assert len(dumps) == 9
    for dump in dumps:
        made = make_dump(version, dump)
        assert made.sha256 == sha256(made.path.read_bytes()).hexdigest()
        assert made.size == made.path.stat().st_size
        content = unpacked(made.path, dump.packing)
        read = rdflib.Dataset()
        read.parse(data=content, format=names[dump.kind])
        found = rdflib.Graph()
        for subject, predicate, value, graph in read.quads():
            assert dump.graph or str(graph) == GRAPH
            found.add((subject, predicate, value))
        assert isomorphic(found, expected), dump.name


def test_unknown_dump(version: Version) -> None:
    """A name that is not listed is no file, however it climbs."""
    for name in ("", "nope", "../manifest.json", "graphs/../../x.ttl.gz", "klustergraf.nq.zip"):
        with pytest.raises(DumpNotFound):
            find_dump(version, name)


def test_things_are_listed(version: Version) -> None:
    """Each thing once, as a path."""
    (path,) = thing_files(version)
    names = ("four", "one", "three", "two")
    assert path.read_text().split() == [f"id/facility/{name}" for name in names]


def test_dump_command(version: Version) -> None:
    """The command makes the files that are named, or all, and prints their digests."""
    home = str(version.path.parent.parent)
    named = CliRunner().invoke(main, ["--home", home, "dump", "--name", "klustergraf.nq"])
    assert named.output == f"{version.id}  klustergraf.nq\n"
    everything = CliRunner().invoke(main, ["--home", home, "dump", version.id[:8]])
    assert len(everything.output.splitlines()) == 9 + 12
    unknown = CliRunner().invoke(main, ["--home", home, "dump", "--name", "x"])
    assert unknown.exit_code == 2
    assert json.dumps("x").strip('"') in unknown.output
