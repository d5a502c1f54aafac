"""Reading RDF files: every format, and every way in which a file is not what it claims to be."""

import gzip
from pathlib import Path

import pytest
from pyoxigraph import BlankNode, DefaultGraph, Literal, NamedNode

from klustergraf.errors import GraphParseError
from klustergraf.rdf_files import FORMATS, canonical_lines, read_quads
from klustergraf.version import serialise_dataset

EX = "http://example.org/"
GRAPH = NamedNode(EX + "graph")

SAME = {
    ".ttl": "<http://example.org/a> <http://example.org/b> <http://example.org/c> .",
    ".nt": "<http://example.org/a> <http://example.org/b> <http://example.org/c> .",
    ".nq": "<http://example.org/a> <http://example.org/b> <http://example.org/c> .",
    ".trig": "{ <http://example.org/a> <http://example.org/b> <http://example.org/c> }",
    ".jsonld": '{"@id": "http://example.org/a",'
    ' "http://example.org/b": {"@id": "http://example.org/c"}}',
    ".rdf": '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"'
    ' xmlns:e="http://example.org/"><rdf:Description rdf:about="http://example.org/a">'
    '<e:b rdf:resource="http://example.org/c"/></rdf:Description></rdf:RDF>',
}
SAME[".xml"] = SAME[".rdf"]


def written(folder: Path, name: str, content: str | bytes) -> Path:
    """Write a file and give its path."""
    path = folder / name
    path.write_bytes(content.encode() if isinstance(content, str) else content)
    return path


@pytest.mark.parametrize("suffix", sorted(FORMATS))
def test_the_suffix_says_the_format(tmp_path: Path, suffix: str) -> None:
    """Each known suffix is read as its format."""
    (quad,) = read_quads(written(tmp_path, "file" + suffix, SAME[suffix]))
    assert (quad.subject, quad.predicate) == (NamedNode(EX + "a"), NamedNode(EX + "b"))
    assert quad.graph_name == DefaultGraph()


def test_a_graph_takes_what_the_file_puts_in_none(tmp_path: Path) -> None:
    """The given graph is for statements without one; the file's own graphs stay."""
    text = f"<{EX}a> <{EX}b> 1 . <{EX}g> {{ <{EX}a> <{EX}b> 2 }}"
    found = read_quads(written(tmp_path, "file.trig", text), GRAPH)
    assert [quad.graph_name for quad in found] == [GRAPH, NamedNode(EX + "g")]


def test_literals_keep_their_spelling(tmp_path: Path) -> None:
    """A number is read as it is written."""
    (quad,) = read_quads(written(tmp_path, "file.ttl", f"<{EX}a> <{EX}b> 007 ."))
    assert isinstance(quad.object, Literal)
    assert quad.object.value == "007"


def test_blank_nodes_depend_on_the_content_only(tmp_path: Path) -> None:
    """Reading twice gives the same labels; two files share none."""
    text = f"[] <{EX}b> [ <{EX}c> _:x ] ; <{EX}d> _:x ."
    first = read_quads(written(tmp_path, "first.ttl", text))
    again = read_quads(written(tmp_path, "again.ttl", text))
    other = read_quads(written(tmp_path, "other.ttl", text + "\n"))
    labels = {q.subject.value for q in first if isinstance(q.subject, BlankNode)}
    assert first == again
    assert labels
    assert not labels & {q.subject.value for q in other if isinstance(q.subject, BlankNode)}


def test_a_byte_order_mark_is_no_content(tmp_path: Path) -> None:
    """A file that an editor began with a byte order mark is read."""
    assert (
        len(read_quads(written(tmp_path, "file.ttl", b"\xef\xbb\xbf" + SAME[".ttl"].encode()))) == 1
    )


@pytest.mark.parametrize(
    ("name", "content", "line", "column", "reason"),
    [
        ("file.ttl", f"<{EX}a> <{EX}b> 1 .\n<{EX}a> kg:b 1 .", 2, 24, "prefix kg:"),
        ("file.nt", f"<{EX}a> <{EX}b> .", 1, None, ""),
        ("file.jsonld", '{"@id": ', 1, None, ""),
        ("file.rdf", "<rdf:RDF", None, None, ""),
        ("file.ttl", f'<{EX}a> <{EX}b> "é".\n'.encode() + b'<> <> "\xe9"', 2, 8, "not UTF-8"),
        ("file.jsonld", b'{"@id": "\xff"}', 1, 10, "not UTF-8"),
        ("file.ttl", "<a> <b> <c> .", 1, 1, "IRI"),
        ("file.ttl", f"<{EX}a> <{EX}b> <<( <{EX}a> <{EX}b> 1 )>> .", None, None, "RDF 1.2"),
        ("file.ttl", f'<{EX}a> <{EX}b> "x"@sv--ltr .', None, None, "RDF 1.2"),
        ("file.md", "", None, None, ".ttl, .nt, .nq, .trig, .jsonld, .rdf, .xml"),
        ("file", "", None, None, "suffix"),
    ],
)
def test_what_is_not_rdf_is_refused(
    tmp_path: Path,
    name: str,
    content: str | bytes,
    line: int | None,
    column: int | None,
    reason: str,
) -> None:
    """The error says file, line, column (where the parser knows them) and reason."""
    path = written(tmp_path, name, content)
    with pytest.raises(GraphParseError) as caught:
        read_quads(path)
    assert caught.value.source == str(path)
    assert caught.value.line == line
    assert column is None or caught.value.column == column
    assert reason in caught.value.reason
    assert "Parser error" not in caught.value.reason


def test_a_remote_context_is_never_fetched(tmp_path: Path) -> None:
    """JSON-LD that names a context elsewhere is refused, and says what to do."""
    text = '{"@context": "http://127.0.0.1:9/context.json", "@id": "http://example.org/a"}'
    with pytest.raises(GraphParseError, match="never fetched"):
        read_quads(written(tmp_path, "file.jsonld", text))


def test_a_file_that_is_not_there(tmp_path: Path) -> None:
    """A missing file and a folder are told apart."""
    with pytest.raises(GraphParseError, match="no such file"):
        read_quads(tmp_path / "none.ttl")
    (tmp_path / "folder.ttl").mkdir()
    with pytest.raises(GraphParseError, match="is a folder"):
        read_quads(tmp_path / "folder.ttl")


def test_canonical_lines_say_what_the_statements_say(tmp_path: Path) -> None:
    """Spaces, escapes, capitals of language tags and doubled lines: the lines are canonical."""
    path = tmp_path / "a.nt"
    path.write_text(
        '<urn:a>   <urn:p>\t"tab\t\\u00e5\\"" . # why\n\n'
        '<urn:a> <urn:p> "x"@SV .\n'
        '<urn:a> <urn:p> "1"^^<http://www.w3.org/2001/XMLSchema#string> .\n'
        '<urn:a> <urn:p> "007"^^<http://www.w3.org/2001/XMLSchema#integer> .\n',
        encoding="utf-8",
    )
    written = canonical_lines(path)
    assert written is not None
    assert sorted(written.splitlines(keepends=True)) == sorted(
        serialise_dataset(read_quads(path)).splitlines(keepends=True)
    )
    assert '"tab\\t\N{LATIN SMALL LETTER A WITH RING ABOVE}\\""'.encode() in written


@pytest.mark.parametrize(
    "text",
    [
        "_:a <urn:p> <urn:o> .",
        "<urn:s> <urn:p> _:a .",
        '<urn:s> <urn:p> "x"@en--ltr .',
        '<urn:s> <urn:p> "looks like _:a" .',
    ],
)
def test_what_needs_more_than_lines_is_left_to_the_reader(text: str, tmp_path: Path) -> None:
    """Labels of blank nodes follow from the whole dataset; RDF 1.2 is refused by the reader."""
    path = tmp_path / "a.nt"
    path.write_text(text + "\n", encoding="utf-8")
    assert canonical_lines(path) is None
    assert canonical_lines(_packed(path)) is None


def test_an_address_may_look_like_a_direction(tmp_path: Path) -> None:
    """An IRI with --rtl in it, as participations of RTL have, is no direction of text."""
    path = tmp_path / "a.nt"
    line = '<http://example.org/rcn-1--rtl-nieuws> <urn:p> "x--ltr"@en .\n'
    path.write_text(line)
    assert canonical_lines(path) == line.encode()


def test_lines_are_of_n_triples_only(tmp_path: Path) -> None:
    """Turtle is read statement by statement; a broken file is refused with its place."""
    turtle, broken = tmp_path / "a.ttl", tmp_path / "b.nt"
    turtle.write_text("<urn:a> <urn:p> <urn:b> .")
    broken.write_text("<urn:a> <urn:p> <urn:b> .\n<urn:a> <urn:p> .\n")
    assert canonical_lines(turtle) is None
    with pytest.raises(GraphParseError) as error:
        canonical_lines(broken)
    assert error.value.line == 2


def _packed(path: Path) -> Path:
    packed = path.with_name(path.name + ".gz")
    packed.write_bytes(gzip.compress(path.read_bytes()))
    return packed
