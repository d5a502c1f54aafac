"""Evidence: every passage fits its document, and what does not fit is said.

Where the founding documents lie beside the checkout (``../shared/documents``), the shipped passages
are held against them as well.
"""

import re
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import Literal, Quad, RdfFormat, parse

from klustergraf.cli import main
from klustergraf.errors import EvidenceError
from klustergraf.evidence import find_passages, verify_sources
from klustergraf.sources.own import source_files

_DOCUMENTS = Path(__file__).parents[3] / "shared" / "documents"
_TEXT = "Första raden.\r\nAndra raden är längre 🎈 och slutar här.\n"


def _quads(start: object, end: object, digest: str) -> list[Quad]:
    turtle = f"""
        @prefix kg: <https://w3id.org/klustergraf/ontology#> .
        @prefix oa: <http://www.w3.org/ns/oa#> .
        @prefix prov: <http://www.w3.org/ns/prov#> .
        @prefix skos: <http://www.w3.org/2004/02/skos/core#> .
        @base <https://w3id.org/klustergraf/id/> .
        <document/d> a kg:SourceDocument ; skos:prefLabel "Dokument"@sv ; kg:sha256 "{digest}" .
        <passage/p> a kg:Passage ; oa:hasSource <document/d> ; oa:hasSelector <passage/p#selector> .
        <passage/p#selector> a oa:TextPositionSelector ; oa:start "{start}" ; oa:end "{end}" .
        <actor/a> a kg:Company ; skos:prefLabel "Bolaget"@sv ; prov:wasDerivedFrom <passage/p> ."""
    return list(parse(turtle, format=RdfFormat.TURTLE))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Make a folder with one document and another that nobody speaks of."""
    (tmp_path / "some name.txt").write_bytes(_TEXT.encode())
    (tmp_path / "other.txt").write_text("something else")
    return tmp_path


_DIGEST = sha256(_TEXT.encode()).hexdigest()


@given(st.data())
def test_a_position_counts_code_points_of_the_text_as_received(data: st.DataObject) -> None:
    """Start and end select what Python's slice of the decoded text selects, line ends included."""
    start = data.draw(st.integers(0, len(_TEXT) - 1))
    end = data.draw(st.integers(start + 1, len(_TEXT)))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Path, "is_dir", lambda _: True)
        patch.setattr(Path, "is_file", lambda _: True)
        patch.setattr(Path, "iterdir", lambda _: iter([Path("d.txt")]))
        patch.setattr(Path, "read_bytes", lambda _: _TEXT.encode())
        (check,) = verify_sources(_quads(start, end, _DIGEST), Path("anywhere"))
    assert check.text == _TEXT[start:end]
    assert not check.problem


@pytest.mark.parametrize(
    ("start", "end"), [(0, len(_TEXT) + 1), (5, 5), (6, 5), (-1, 3), (len(_TEXT), len(_TEXT) + 1)]
)
def test_a_range_that_does_not_fit_is_a_problem(folder: Path, start: int, end: int) -> None:
    """The message names the range and the length of the document."""
    (check,) = verify_sources(_quads(start, end, _DIGEST), folder)
    assert f"{start}–{end}" in check.problem
    assert str(len(_TEXT)) in check.problem


def test_an_altered_document_is_a_problem(folder: Path) -> None:
    """One changed byte, and no file in the folder is the document any more."""
    (folder / "some name.txt").write_bytes(_TEXT.encode() + b" ")
    (check,) = verify_sources(_quads(0, 6, _DIGEST), folder)
    assert _DIGEST in check.problem


def test_what_was_read_from_a_passage_comes_along() -> None:
    """A passage lists the things that rest on it, by name and class."""
    (passage,) = find_passages(_quads(0, 6, _DIGEST))
    assert passage.readings == ("Bolaget (kg:Company)",)


def test_bad_input_is_named(folder: Path) -> None:
    """A position that is no number, or a folder that is none, is an error that says so."""
    with pytest.raises(EvidenceError, match="'six' is not a number"):
        verify_sources(_quads("six", 7, _DIGEST), folder)
    with pytest.raises(EvidenceError, match="not a folder"):
        verify_sources([], folder / "nowhere")


def test_the_command_fails_without_the_documents(tmp_path: Path) -> None:
    """Exit status 1 when the documents are not there, 2 when there is no such folder."""
    result = CliRunner().invoke(main, ["verify-sources", str(tmp_path), "--quiet"])
    assert result.exit_code == 1
    assert "no file in the folder has the SHA-256" in result.output
    result = CliRunner().invoke(main, ["verify-sources", str(tmp_path / "none")])
    assert result.exit_code == 2
    assert "not a folder" in result.output


def _shipped_quads() -> list[Quad]:
    return [quad for file in source_files() for quad in file.quads()]


def test_every_shipped_passage_is_used() -> None:
    """A passage from which nothing was read has no place in the graph."""
    assert [p.iri for p in find_passages(_shipped_quads()) if not p.readings] == []


def _words(text: str) -> list[str]:
    return re.findall(r"\w+", text.lower())


def _runs(texts: Iterable[str], length: int) -> set[tuple[str, ...]]:
    found = set()
    for text in texts:
        words = _words(text)
        found |= {tuple(words[i : i + length]) for i in range(len(words) - length + 1)}
    return found


if _DOCUMENTS.is_dir():

    def test_every_shipped_passage_fits_the_founding_documents() -> None:
        """The three documents are found by their digests, and every range lies within them."""
        checks = verify_sources(_shipped_quads(), _DOCUMENTS)
        assert [(c.passage.iri, c.problem) for c in checks if c.problem] == []
        assert len({check.passage.document for check in checks}) == 3

    def test_passages_begin_and_end_with_whole_words() -> None:
        """An offset that is one off cuts a word or takes a blank along."""
        texts = {
            sha256(path.read_bytes()).hexdigest(): path.read_bytes().decode()
            for path in _DOCUMENTS.iterdir()
        }
        for passage in find_passages(_shipped_quads()):
            text = texts[passage.digest]
            cut = text[passage.start : passage.end]
            assert cut == cut.strip(), passage.iri
            assert not re.search(
                r"[^\W_]{2}", text[max(passage.start - 1, 0) : passage.start + 1]
            ), passage.iri
            assert not re.search(r"[^\W_]{2}", text[passage.end - 1 : passage.end + 1]), passage.iri

    def test_no_sentence_of_a_document_is_copied() -> None:
        """No literal repeats eight words in a row of a document; titles of documents are names."""
        documents = _runs((path.read_text() for path in _DOCUMENTS.iterdir()), 8)
        copied = [
            quad.object.value
            for quad in _shipped_quads()
            if isinstance(quad.object, Literal)
            and "id/document/" not in str(quad.subject)
            and _runs([quad.object.value], 8) & documents
        ]
        assert copied == []
