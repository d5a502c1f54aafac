"""Search: a name is found however it is written, and counts are what choosing gives."""

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pyoxigraph import NamedNode, RdfFormat, parse, serialize

from klustergraf.derivations import SEARCH
from klustergraf.search import SearchIndex, reading
from klustergraf.search.folding import edits, fold
from klustergraf.version import Version, serialise_dataset

NAMES = """
@prefix kg: <https://w3id.org/klustergraf/ontology#> .
@prefix org: <http://www.w3.org/ns/org#> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix schema: <https://schema.org/> .
@base <https://w3id.org/klustergraf/id/> .
<https://w3id.org/klustergraf/graph/stated> {
    <actor/sh> a kg:Actor ; skos:prefLabel "Södertörns högskola"@sv , "Södertörn University"@en ;
        skos:altLabel "SH"@sv ; kg:locatedIn <place/huddinge> , <place/lan> ;
        org:classification <actor-kind/university> ; kg:contributesTo <priority/a1> .
    <actor/kth> a kg:Actor ; skos:prefLabel "Kungliga Tekniska högskolan"@sv ;
        skos:altLabel "KTH"@sv , "Teknologiska institutet"@sv ; kg:locatedIn <place/lan> ;
        org:classification <actor-kind/university> ; schema:sameAs <https://ror.org/026vcq606> .
    <actor/bolaget> a kg:Actor ; skos:prefLabel "Ångströms <b>bolag</b>"@sv ;
        kg:locatedIn <place/lan> .
    <project/hogskola> a kg:Project ; skos:prefLabel "En högskola för alla"@sv ;
        kg:collaboratesWith <actor/kth> .
    <place/huddinge> a kg:Place , kg:Municipality ; skos:prefLabel "Huddinge"@sv .
    <place/lan> a kg:Place , kg:County ;
        skos:prefLabel "Stockholms län"@sv , "Stockholm County"@en .
    <actor-kind/university> skos:prefLabel "lärosäten"@sv , "universities"@en .
    <priority/a1> a kg:PriorityArea ; skos:prefLabel "Samverkan"@sv ; skos:broader <aspect/a> .
    <aspect/a> skos:prefLabel "Forskning"@sv .
}
"""
ID = "https://w3id.org/klustergraf/id/"


@pytest.fixture(scope="session")
def index(tmp_path_factory: pytest.TempPathFactory) -> SearchIndex:
    """Index the names above."""
    version = Version(tmp_path_factory.mktemp("names"))
    quads = parse(NAMES, format=RdfFormat.TRIG)
    version.dataset_path.write_bytes(serialize(quads, format=RdfFormat.N_QUADS) or b"")
    return SearchIndex(SEARCH.folder(version))


@pytest.mark.parametrize("lines", [1, 3, 1_000_000])
def test_a_dataset_is_read_in_parts(
    lines: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Some lines at a time or all at once: the things with names, as they are said to be."""
    monkeypatch.setattr(reading, "_AT_A_TIME", lines)
    quads = list(parse(NAMES, format=RdfFormat.TRIG))
    path = tmp_path / "dataset.nq"
    path.write_bytes(serialise_dataset(quads))
    degrees = Counter(q.object.value for q in quads if isinstance(q.object, NamedNode))
    expected = {iri: t for iri, t in reading.read_things(quads, degrees).items() if t.names}
    assert len(expected) == 9
    assert reading.read_dataset(path) == expected


def first(index: SearchIndex, text: str) -> str:
    """Give the end of the address of the first suggestion."""
    found = index.suggest(text, "sv")
    return found[0].iri.removeprefix(ID) if found else ""


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("södertörns", "actor/sh"),
        ("SODERTORNS HOGSK", "actor/sh"),
        ("university", "actor/sh"),
        ("sh", "actor/sh"),
        ("kth", "actor/kth"),
        ("teknologiska inst", "actor/kth"),
        ("026vcq606", "actor/kth"),
        ("kungl tekniska", "actor/kth"),
        ("kungliga teknska hogskolan", "actor/kth"),
        ("sodertrons", "actor/sh"),
        ("angstroms", "actor/bolaget"),
        ("hudinge", "place/huddinge"),
        ("", ""),
        ("  ", ""),
        ("qqqqqqq", ""),
        ('" OR * NEAR( AND', ""),
    ],
)
def test_names_are_found_however_written(index: SearchIndex, text: str, expected: str) -> None:
    """Case, å ä ö, language, abbreviation, former name, identifier and misspelling find it."""
    assert first(index, text) == expected


def test_importance_decides_between_equals(index: SearchIndex) -> None:
    """Of names that fit as well, the one that more leads to comes first."""
    found = [s.iri.removeprefix(ID) for s in index.suggest("hogskola", "sv")]
    assert found[0] == "actor/kth"
    assert set(found) == {"actor/kth", "actor/sh", "project/hogskola"}


def test_facets_count_what_choosing_gives(index: SearchIndex) -> None:
    """Each count is the total of the search with that value chosen; of no facet itself."""
    everything = index.search("", "en", facets={})
    assert everything.total == 7
    for name, values in everything.facets.items():
        for value, _, count in values:
            assert index.search("", "en", facets={name: [value]}).total == count
    chosen = index.search("hogskola", "sv", facets={"type": ["actor"]})
    assert chosen.total == 2
    assert {v: n for v, _, n in chosen.facets["type"]} == {"actor": 2, "project": 1}
    assert chosen.facets["municipality"] == ((ID + "place/huddinge", "Huddinge", 1),)
    assert chosen.facets["aspect"] == ((ID + "aspect/a", "Forskning", 1),)
    assert everything.facets["county"][0][1] == "Stockholm County"


def test_pages_of_a_result_are_the_result(index: SearchIndex) -> None:
    """Page after page gives each thing once."""
    pages = [index.search("", "sv", facets={}, first=n, most=3).hits for n in (0, 3, 6, 9)]
    assert [len(page) for page in pages] == [3, 3, 1, 0]
    assert len({hit.iri for page in pages for hit in page}) == 7


def test_what_was_taken_for_a_misspelt_word_is_told(index: SearchIndex) -> None:
    """The words that were searched for instead come along."""
    found = index.search("tekniskka", "sv", facets={})
    assert found.corrected == {"tekniskka": ("tekniska",)}


@given(st.text(max_size=300))
def test_no_text_breaks_the_index(index: SearchIndex, text: str) -> None:
    """Whatever is typed, there is an answer."""
    index.suggest(text, "en")
    assert index.search(text, "en", facets={}).total >= 0


@given(st.text("abå", max_size=6), st.text("abå", max_size=6))
def test_edits_is_a_symmetric_count(a: str, b: str) -> None:
    """The distance is none for the same word alone, and the same from both sides."""
    assert edits(a, b, 9) == edits(b, a, 9)
    assert (edits(a, b, 9) == 0) == (a == b)
    assert edits(a, b, 9) <= max(len(a), len(b))


@given(st.text(max_size=50))
def test_folding_twice_changes_nothing(text: str) -> None:
    """What is folded stays as it is."""
    assert fold(fold(text)) == fold(text)
