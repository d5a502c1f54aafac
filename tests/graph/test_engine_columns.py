"""Columns answer as the store does: on random data and queries, and on the queries that we ship."""

import random
import time
from collections import Counter
from pathlib import Path

import pyoxigraph as ox
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from klustergraf.engine.base import QueryRequest, ResultsFormat
from klustergraf.engine.columns.evaluation import text_of
from klustergraf.engine.columns.making import make_table
from klustergraf.engine.columns.rewriting import rewritten
from klustergraf.engine.columns.table import Place, Table
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.engine.loading import Loaded, load

_E = "http://example.org/"
_XSD = "http://www.w3.org/2001/XMLSchema#"
_PREFIX = f"PREFIX e: <{_E}> PREFIX xsd: <{_XSD}> "
_ROOT = Path(__file__).resolve().parents[2]

# Of each predicate the objects are of one sort, as in a graph that somebody made; each sort has
# what trips over itself: letters that change their length, quotes, ends that sort oddly, days that
# no calendar has.
_NODES = [ox.NamedNode(_E + name) for name in ("a", "a/b", "a-b", "aa", "å", "b", "B", "b%20c")]
_BLANKS = [ox.BlankNode("x"), ox.BlankNode("y")]
_STRINGS = [
    ox.Literal(""),
    ox.Literal("Alpha"),
    ox.Literal("alpha beta", language="en"),
    ox.Literal("ALFA beta", language="sv"),
    ox.Literal("Åsa alfa", language="sv-SE"),
    ox.Literal('say "alpha"\n\tbeta\\n', language="en"),
    ox.Literal("\u212aelvin \u0130"),
    ox.Literal("kelvin"),
    ox.Literal("back\\u0041slash"),
    ox.Literal("nul\x7f\x01"),
]
_NUMBERS = [
    ox.Literal(text, datatype=ox.NamedNode(_XSD + kind))
    for kind, texts in {
        "integer": ("0", "1", "-7", "12", "999999999999"),
        "decimal": ("0.5", "-1.25", "12.0", "3.1234", "100.01"),
    }.items()
    for text in texts
]
_ODD_NUMBERS = [
    ox.Literal("1.5E0", datatype=ox.NamedNode(_XSD + "double")),
    ox.Literal("12345678901234567", datatype=ox.NamedNode(_XSD + "integer")),
    ox.Literal("0.00001", datatype=ox.NamedNode(_XSD + "decimal")),
    ox.Literal("x", datatype=ox.NamedNode(_XSD + "integer")),
]
_DATES = [
    ox.Literal(text, datatype=ox.NamedNode(_XSD + "date"))
    for text in ("2020-01-01", "2020-02-29", "1999-12-31", "2026-11-26")
]
_ODD_DATES = [
    ox.Literal(text, datatype=ox.NamedNode(_XSD + "date"))
    for text in ("2020-01-01Z", "2021-02-29", "2020-01-01+02:00", "-0044-03-15")
]
_OBJECTS: dict[str, list[ox.NamedNode | ox.BlankNode | ox.Literal]] = {
    "link": [*_NODES],
    "other": [*_NODES],
    "may": [*_NODES, *_BLANKS, *_STRINGS],
    "name": [*_STRINGS],
    "size": [*_NUMBERS],
    "odd": [*_NUMBERS, *_ODD_NUMBERS],
    "day": [*_DATES],
    "when": [*_DATES, *_ODD_DATES],
}


@st.composite
def datasets(draw: st.DrawFn) -> Loaded:
    """Draw a dataset, as one or two named graphs whose union is asked, or as the unnamed one."""
    store = ox.Store()
    subjects: list[ox.NamedNode | ox.BlankNode] = [*_NODES]
    if draw(st.booleans()):
        subjects += _BLANKS
    is_union = draw(st.booleans())
    randomly = random.Random(draw(st.integers(0, 2**64)))
    for _ in range(randomly.choice((0, 60, 120, 120))):
        predicate = randomly.choice([*_OBJECTS, "link", "other"])
        subject, last = randomly.choice(subjects), randomly.choice(_OBJECTS[predicate])
        graph: ox.NamedNode | ox.DefaultGraph = ox.DefaultGraph()
        if is_union:
            # Of a triple always the same graph: the store's union counts it once for each.
            graphs = (ox.DefaultGraph(), ox.NamedNode(_E + "graph1"), ox.NamedNode(_E + "graph2"))
            graph = graphs[len(str(subject) + str(last)) % 3]
        store.add(ox.Quad(subject, ox.NamedNode(_E + predicate), last, graph))
    return Loaded(store, is_union=is_union, is_shared=False)


_VARIABLES = ("?x", "?y", "?z", "?w")


def _constants(randomly: random.Random) -> str:
    return randomly.choice(("e:a", "e:b", "<http://example.org/a/b>", "<http://example.org/none>"))


def _pattern(randomly: random.Random, known: list[str]) -> tuple[str, str, str]:
    """Make a triple pattern that hangs together with the others; its predicate tells the sort."""
    predicate = randomly.choice([*_OBJECTS, "link", "link", "other"])
    subject = randomly.choice(known) if known and randomly.random() < 0.7 else "?x"
    if randomly.random() < 0.05:
        subject = _constants(randomly)
    if predicate in ("link", "other"):
        last = randomly.choice([*_VARIABLES, *_VARIABLES, _constants(randomly)])
    elif predicate == "name" and randomly.random() < 0.3:
        last = randomly.choice(('"alpha beta"@en', '"Alpha"', "'kelvin'", '"alpha beta"'))
    else:
        last = f"?{predicate}"
    return subject, predicate, last


def _condition(randomly: random.Random, variables: list[str]) -> str:
    nodes = [variable for variable in variables if variable in _VARIABLES]
    sign = randomly.choice(("=", "!=", "<", ">", "<=", ">="))
    equality = randomly.choice(("=", "!="))
    word = randomly.choice(("alpha", "ALFA", "nbeta", "Å", "kelvin", "", "i", 'say "', "a"))
    test = randomly.choice(("CONTAINS", "STRSTARTS", "STRENDS"))
    kinds = [f"{randomly.choice(variables)} {sign} {randomly.choice(variables)}"]
    if nodes:
        node, other = randomly.choice(nodes), randomly.choice(nodes)
        iri = _E + randomly.choice(("a", "a/", "ab", "b", ""))
        kinds += [
            f"{node} {equality} {other}",
            f"{node} {equality} {_constants(randomly)}",
            f"{_constants(randomly)} {equality} {node}",
            f"STR({node}) {sign} STR({other})",
            f'STR({node}) {sign} "{iri}"',
            f'"{iri}" {sign} STR({node})',
            f"{test}(STR({node}), '{word}')",
        ]
    for text in {"?name", "?may"} & set(variables):
        form = randomly.choice((text, f"STR({text})", f"LCASE({text})"))
        form = randomly.choice((form, f"UCASE(STR({text}))", f"LCASE(STR({text}))"))
        kinds += [
            f"{test}({form}, '{word}')",
            f"{test}({form}, '{word}')",
            f'LANG({text}) {equality} "{randomly.choice(("en", "sv", ""))}"',
            f'LANGMATCHES(LANG({text}), "{randomly.choice(("sv", "EN", "*", "sv-se"))}")',
            f'{text} = "Alpha"',
            f"{text} {equality} e:a",
        ]
    if "?size" in variables:
        kinds.append(f"?size {sign} {randomly.choice(('0', '12', '0.5', '3.1234', '0.00001'))}")
    if "?odd" in variables:
        kinds.append(f"?odd {sign} {randomly.choice(('0', '1'))}")
    for day in {"?day", "?when"} & set(variables):
        wanted = randomly.choice(("2020-02-29", "2020-01-01", "2021-02-29"))
        kinds.append(f'{day} {sign} "{wanted}"^^{randomly.choice(("xsd:date", f"<{_XSD}date>"))}')
    return randomly.choice(kinds)


def _filter(randomly: random.Random, variables: list[str]) -> str:
    condition = _condition(randomly, variables)
    if randomly.random() < 0.4:
        condition = f"{condition} {randomly.choice(('&&', '||'))} {_condition(randomly, variables)}"
    if randomly.random() < 0.2:
        condition = f"!({condition})"
    return f"FILTER({condition})"


@st.composite
def queries(draw: st.DrawFn) -> str:
    """Draw a query of the fragment, or of what lies right beside it."""
    randomly = random.Random(draw(st.integers(0, 2**64)))
    patterns: list[tuple[str, str, str]] = []
    for _ in range(randomly.randint(1, 4)):
        known = [end for s, _, o in patterns for end in (s, o) if end in _VARIABLES]
        patterns.append(_pattern(randomly, known))
    body = [f"{s} {randomly.choice(('',) * 9 + ('^',))}e:{p} {o} ." for s, p, o in patterns]
    if randomly.random() < 0.2:
        body.append("?x e:link/e:other ?w .")
    variables = sorted({end for one in body for end in one.split() if end.startswith("?")})
    if not variables:
        variables = ["?x"]
    body += [_filter(randomly, variables) for _ in range(randomly.choice((0, 0, 1, 1, 2)))]
    randomly.shuffle(body)
    keys = randomly.sample(variables, k=min(len(variables), randomly.randint(0, 3)))
    where = f"WHERE {{ {' '.join(body)} }}"
    if randomly.random() < 0.3 and keys:
        distinct = randomly.choice(("DISTINCT ", ""))
        limit = randomly.choice(("", f" LIMIT {randomly.randint(0, 5)}"))
        return (
            f"{_PREFIX}SELECT {distinct}{' '.join(keys)} {where} ORDER BY {' '.join(keys)}{limit}"
        )
    argument = randomly.choice(variables)
    aggregates = randomly.sample(
        [
            "COUNT(*)",
            f"COUNT({argument})",
            f"COUNT(DISTINCT {argument})",
            *(f"SUM({one})" for one in variables if one in ("?size", "?odd")),
            *(f"SUM(DISTINCT {one})" for one in variables if one == "?size"),
            f"COUNT({argument}) * 2",
        ],
        k=2,
    )
    selected = " ".join(f"({text} AS ?made{index})" for index, text in enumerate(aggregates))
    grouped = f" GROUP BY {' '.join(keys)}" if keys else ""
    having = f" HAVING ({aggregates[0]} {randomly.choice(('>', '<=', '='))} 1)"
    tail = having if randomly.random() < 0.3 else ""
    if randomly.random() < 0.3:
        tail += f" ORDER BY DESC(?made0) {' '.join(keys)} LIMIT 3"
    return f"{_PREFIX}SELECT {' '.join(keys)} {selected} {where}{grouped}{tail}"


def _table(loaded: Loaded) -> Table | None:
    """Make the columns, and read them back from where processes share them."""
    made = make_table(loaded)
    if made is None:
        return None
    place = Place(1 << 24)
    assert place.put(made)
    return place.table()


def _answer(loaded: Loaded, text: str) -> Counter[tuple[str, ...]] | str:
    """Give the rows of an answer, however they are ordered; or why there is none."""
    try:
        result = loaded.query(text, [], [])
    except SyntaxError as exc:
        return f"refused: {exc}"
    assert isinstance(result, ox.QuerySolutions)
    names = [variable.value for variable in result.variables]
    rows = Counter(tuple(str(row[name]) for name in names) for row in result)
    rows[("names", *names)] += 1
    return rows


@settings(max_examples=400, deadline=None)
@given(loaded=datasets(), text=queries())
def test_answers_are_those_of_the_store(loaded: Loaded, text: str) -> None:
    """Compare the answers to drawn queries over drawn data, row by row."""
    table = _table(loaded)
    assert table is not None
    shorter = rewritten(text, table)
    if shorter is not None:
        assert _answer(loaded, shorter) == _answer(loaded, text)


def _people() -> Loaded:
    store = ox.Store()
    lines = f"""
        @prefix e: <{_E}> .
        e:a e:link e:b , e:c ; e:size 5 ; e:name "Alpha"@en , "Alfa"@sv ;
            e:day "2020-01-01"^^<{_XSD}date> .
        e:b e:link e:c ; e:size 7.5 ; e:name "Beta"@en , "0 \u212a"@en  ;
            e:odd 1.5E0 ; e:large 12345678901234567 ; e:below -2 , -0.5 ; e:code "b\\\\u0041" .
        e:c e:link e:c ; e:size 1 , 2 ; e:name 'say "alpha"\\n'@en .
        """
    store.load(lines.encode(), format=ox.RdfFormat.TURTLE)
    return Loaded(store, is_union=False, is_shared=False)


@pytest.mark.parametrize(
    ("text", "rows"),
    [
        # Counted by hand from the statements above.
        ("SELECT (COUNT(*) AS ?n) { ?x e:link ?y }", [("4",)]),
        ("SELECT (COUNT(DISTINCT ?y) AS ?n) { ?x e:link ?y }", [("2",)]),
        (
            "SELECT ?y (SUM(?s) AS ?t) { ?x e:link ?y ; e:size ?s } GROUP BY ?y",
            [("b", "5"), ("c", "15.5")],
        ),
        (
            "SELECT ?x (COUNT(?y) AS ?n) { ?x e:link ?y } GROUP BY ?x HAVING (COUNT(?y) > 1)",
            [("a", "2")],
        ),
        ("SELECT ?x { ?x e:name ?n FILTER(CONTAINS(LCASE(?n), 'alpha')) }", [("a",), ("c",)]),
        (
            "SELECT DISTINCT ?x { ?x e:name ?n FILTER(LANG(?n) != 'sv') } ORDER BY DESC(?x) "
            "LIMIT 1",
            [("c",)],
        ),
        ("SELECT ?x { ?x e:day ?d . FILTER(?d < '2020-01-02'^^xsd:date) }", [("a",)]),
        ("SELECT ?x (COUNT(*) AS ?n) { ?x e:link ?x } GROUP BY ?x", [("c", "1")]),
        (
            "SELECT ?x ?z { ?x e:link/e:link ?z . FILTER(?x != ?z) }",
            [("a", "c"), ("a", "c"), ("b", "c")],
        ),
        ("SELECT (SUM(?s) AS ?t) { ?x e:none ?s }", [("0",)]),
        ("SELECT (SUM(?s) AS ?t) { ?x e:below ?s }", [("-2.5",)]),
        (f"SELECT (COUNT(*) AS ?n) {{ ?x e:link ?y }} HAVING (COUNT(*) < {10**15})", [("4",)]),
        ("SELECT (COUNT(*) AS ?n) { ?x e:link ?y . ?y e:link ?z . ?x e:link ?z }", [("4",)]),
        ("SELECT ?x { ?x e:link e:b FILTER(STR(?x) <= 'http://example.org/Z') }", []),
        ("SELECT ?x { ?x e:link ?x FILTER(STR(?x) <= 'http://example.org/bb') }", []),
        ("SELECT ?x { ?x e:link ?x FILTER(STR(?x) > 'http://example.org/bb') }", [("c",)]),
        ("SELECT ?x { ?x e:name ?n FILTER(STRENDS(?n, 'n')) }", []),
        ("SELECT ?x { ?x e:name ?n FILTER(STRENDS(LCASE(?n), 'k')) }", [("b",)]),
        ("SELECT ?x { ?x e:name ?n FILTER(CONTAINS(?n, '\"alpha\"')) }", [("c",)]),
        ("SELECT ?x { ?x e:name ?n FILTER(CONTAINS(UCASE(?n), 'ALFA')) }", [("a",)]),
        ("SELECT ?x { ?x e:link ?y FILTER(!(LANG(?y) = 'en')) }", []),
        ("SELECT ?x { ?x e:link ?y FILTER(!(LANG(?y) = 'en' && ?x != e:none)) }", []),
        (
            "SELECT ?x { ?x e:link ?y FILTER(!(LANG(?y) = 'en' && ?x = e:none)) }",
            [("a",), ("a",), ("b",), ("c",)],
        ),
    ],
)
def test_columns_answer(text: str, rows: list[tuple[str, ...]]) -> None:
    """Compare answers with what is counted by hand."""
    loaded = _people()
    table = _table(loaded)
    assert table is not None
    shorter = rewritten(_PREFIX + text, table)
    assert shorter is not None
    assert "VALUES" in shorter
    result = loaded.query(shorter, [], [])
    assert isinstance(result, ox.QuerySolutions)
    found = [tuple(text_of(str(term)).removeprefix(_E) for term in row) for row in result]
    assert sorted(found) == rows


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?x (COUNT(*) AS ?n) { ?x e:link ?y } GROUP BY ?x ORDER BY DESC(?n) ?x",
        "SELECT ?n ?x { ?x e:name ?n FILTER(?x != e:none) } ORDER BY ?n",
        "SELECT ?n ?x { ?x e:name ?n FILTER(?x != e:none) } ORDER BY desc(?n)",
        "SELECT ?s { ?x e:size ?s FILTER(?x != e:none) } ORDER BY ASC ( ?s )",
        "SELECT ?x (SUM(?s) AS ?t) { ?x e:size ?s } GROUP BY ?x ORDER BY DESC($t)",
        "SELECT ?x { ?x e:size ?s } GROUP BY ?x ORDER BY DESC(SUM(?s))",
        "SELECT ?x ?y { ?x e:link ?y FILTER(?x != e:none) } ORDER BY DESC(?x) ?y STRLEN(STR(?x))",
    ],
)
def test_rows_are_sorted_before(text: str) -> None:
    """Hand the store rows that are in its order already: without sorting they come out the same."""
    loaded = _people()
    shorter = rewritten(_PREFIX + text, _table_of(loaded))
    assert shorter is not None
    unsorted, by, _ = shorter.rpartition(" ORDER BY ")
    assert by
    answers = []
    for query in (_PREFIX + text, unsorted):
        result = loaded.query(query, [], [])
        assert isinstance(result, ox.QuerySolutions)
        answers.append([tuple(map(str, row)) for row in result])
    assert answers[0] == answers[1]
    assert len(answers[0]) > 1


def test_texts_are_sorted_before_as_the_store_does() -> None:
    """Of two texts of which one goes on, that is the later, whatever follows the other's quote."""
    store = ox.Store()
    texts = ("ab", "ab c", "ab!", "a", "b")
    names = " , ".join(f'"{text}"@en' for text in texts)
    store.load(f"<e:a> <e:name> {names} .".encode(), format=ox.RdfFormat.TURTLE)
    loaded = Loaded(store, is_union=False, is_shared=False)
    text = "SELECT ?n { ?x <e:name> ?n FILTER(?x = <e:a>) } ORDER BY ?n"
    shorter = rewritten(text, _table_of(loaded))
    assert shorter is not None
    places = [shorter.index(f'"{text}"@en') for text in sorted(texts)]
    assert places == sorted(places)


def test_capitals_of_ascii_alone() -> None:
    """Look for capitals where no letter becomes ASCII: terms are told apart by their bytes."""
    store = ox.Store()
    store.load(b'<e:a> <e:name> "alfa" . <e:b> <e:name> "beta" .', format=ox.RdfFormat.TURTLE)
    loaded = Loaded(store, is_union=False, is_shared=False)
    text = "SELECT ?x { ?x <e:name> ?n FILTER(CONTAINS(UCASE(?n), 'ALFA')) }"
    shorter = rewritten(text, _table_of(loaded))
    assert shorter is not None
    assert _answer(loaded, shorter) == {("<e:a>",): 1, ("names", "x"): 1}


@pytest.mark.parametrize(
    "text",
    [
        "SELECT ?x { ?x e:link ?y OPTIONAL { ?y e:name ?n } FILTER(?x != ?y) }",
        "SELECT ?x { { ?x e:link ?y } UNION { ?y e:link ?x } FILTER(?x != ?y) }",
        "SELECT ?x { ?x e:link+ ?y FILTER(?x != ?y) }",
        "SELECT ?x { ?x ?p ?y FILTER(?x != ?y) }",
        "SELECT ?x { GRAPH ?g { ?x e:link ?y } FILTER(?x != ?y) }",
        "SELECT ?x FROM e:g { ?x e:link ?y FILTER(?x != ?y) }",
        "SELECT (MAX(?s) AS ?m) (COUNT(*) AS ?n) { ?x e:size ?s }",
        "SELECT (COUNT(*) AS ?n) { ?x e:link ?y . ?z e:size ?s }",
        "SELECT ?x (COUNT(*) AS ?n) { ?x e:link ?y } GROUP BY (STR(?x) AS ?x)",
        "SELECT ?x { ?x e:link ?y FILTER(?y != ?nowhere) }",
        "SELECT ?x { ?x e:link ?y FILTER(?x != ?y) } LIMIT 1",
        "SELECT * { ?x e:link ?y FILTER(?x != ?y) }",
        "SELECT ?x { ?x e:size ?s FILTER(?s = ?s) }",
        "SELECT ?x { ?x e:name ?n FILTER(?n != 'Alpha') }",
        "SELECT ?x { ?x e:name ?n FILTER(!(?n = 'Alpha')) }",
        "SELECT ?x { ?x e:odd ?s FILTER(?s > 1) }",
        "SELECT (SUM(?s) AS ?t) { ?x e:odd ?s }",
        "SELECT ?x { ?x e:large ?s FILTER(?s > 1) }",
        "SELECT ?c { ?x e:code ?c FILTER(STRSTARTS(?c, 'b')) }",
        "SELECT ?x (COUNT(?y) AS ?n) { ?x e:link ?y } GROUP BY ?x HAVING (?y = e:b)",
        "SELECT ?x { ?x e:link ?y FILTER EXISTS { ?y e:name ?n } FILTER(?x != ?y) }",
        "SELECT ?x { ?x e:name '\\u0041' FILTER(?x != e:a) }",
        f"SELECT ?x {{ ?x e:size ?s FILTER(?s < {10**30}) }}",
        f"SELECT ?x {{ ?x e:link ?y FILTER({' && '.join(['?x != ?y'] * 2000)}) }}",
        # And what is no SPARQL, so that the store says why.
        "SELECT ?z (COUNT(*) AS ?n) { ?x e:link ?y } GROUP BY ?x",
        "SELECT ?x (COUNT(*) AS ?n) { ?x e:link ?y }",
        "SELECT ?x { ?x e:link ?y FILTER(?x != ?y }",
        "SELECT ?x { ?x no:prefix ?y FILTER(?x != ?y) }",
        "SELECT (COUNT(?x) AS ?n) (COUNT(?y) AS ?n) { ?x e:link ?y }",
    ],
)
def test_the_rest_is_left_to_the_store(text: str) -> None:
    """Ask what the fragment does not have, and what is no SPARQL."""
    table = _table(_people())
    assert table is not None
    assert rewritten(_PREFIX + text, table) is None


def test_queries_that_ship_and_those_of_the_benchmark(shipped_store: ox.Store) -> None:
    """Compare the answers over the shipped graph with those of the store."""
    loaded = Loaded(shipped_store, is_union=False, is_shared=False)
    table = _table_of(loaded)
    paths = [*(_ROOT / "bench" / "mix").glob("*.rq"), *(_ROOT / "queries").rglob("*.rq")]
    taken = set()
    for path in paths:
        text = path.read_text(encoding="utf-8")
        shorter = rewritten(text, table)
        if shorter is not None:
            taken.add(path.stem)
            assert _answer(loaded, shorter) == _answer(loaded, text), path.stem
    assert {"pairs_projects", "regions_aspects", "actors_text", "actor_partners"} <= taken


def _table_of(loaded: Loaded) -> Table:
    made = make_table(loaded)
    assert made is not None
    return made


def test_little_work_is_the_stores() -> None:
    """Ask for less than is worth it, and for more."""
    table = _table_of(_people())
    text = f"{_PREFIX}SELECT (COUNT(*) AS ?n) {{ ?x e:link ?y . ?y e:link ?z }}"
    # Four links, and from each on average as many as a node that has one has: 4 + 4 * 4 / 3.
    assert rewritten(text, table, least_work=9.3) is not None
    assert rewritten(text, table, least_work=9.4) is None


def test_many_rows_are_the_stores() -> None:
    """Ask for a row of nearly every solution, and for few rows of as many."""
    links = "?x e:link ?y . ?y e:link ?z"
    table = _table_of(_people())
    many = f"{_PREFIX}SELECT ?x ?y ?z {{ {links} FILTER(?x != e:none) }}"
    few = f"{_PREFIX}SELECT (COUNT(*) AS ?n) {{ {links} }}"
    assert rewritten(many, table) is not None
    assert rewritten(many, table, least_work=9.3) is None
    assert rewritten(few, table, least_work=9.3) is not None


def test_a_triple_as_a_term_is_the_stores(tmp_path: Path) -> None:
    """Make no columns of what they cannot hold."""
    path = tmp_path / "data.ttl"
    path.write_text("<e:a> <e:p> <<( <e:b> <e:c> <e:d> )>> .", encoding="utf-8")
    assert make_table(load(path, "union")) is None


def test_no_room_is_no_table() -> None:
    """Offer too little memory: there is no half of a table."""
    place = Place(1024)
    assert place.table() is None
    assert not place.put(_table_of(_people()))
    assert place.table() is None


def test_workers_see_the_columns_when_they_are_filled(tmp_path: Path) -> None:
    """Ask on until columns answer, and compare with the store's answer."""
    path = tmp_path / "data.nt"
    path.write_text(
        "".join(f"<{_E}s{n}> <{_E}p> <{_E}o{n % 7}> .\n" for n in range(3000)), encoding="utf-8"
    )
    text = f"SELECT ?o (COUNT(*) AS ?n) {{ ?s <{_E}p> ?o }} GROUP BY ?o"
    lines = {False: set[bytes](), True: set[bytes]()}
    with EmbeddedEngine(path) as engine:
        until = time.monotonic() + 60
        while not lines[True] and time.monotonic() < until:
            answer = engine.query(QueryRequest(text, results_format=ResultsFormat.CSV))
            lines[answer.is_from_columns] |= {*b"".join(answer).split()}
        slow = engine.query(
            QueryRequest(
                text.replace("?n)", "?n) (MAX(?s) AS ?m)"), results_format=ResultsFormat.CSV
            )
        )
        assert not slow.is_from_columns
        wanted = {line.rpartition(b",")[0] for line in b"".join(slow).split()}
        assert lines[True] == wanted
