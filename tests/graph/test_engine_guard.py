"""The guard: what is refused before any engine sees it, and what must pass."""

import contextlib
import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klustergraf.engine.base import QueryRequest
from klustergraf.engine.guard import MAX_NESTING, Guard, unescape
from klustergraf.errors import QueryRefused

GRAPHS = frozenset(("http://example.org/g", "http://example.org/service"))
GUARD = Guard(GRAPHS)

SERVICE = {
    "plain": "SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
    "lower case": "select * { service <http://127.0.0.1/> { ?s ?p ?o } }",
    "mixed case": "SELECT * { sErViCe <http://127.0.0.1/> { ?s ?p ?o } }",
    "silent": "SELECT * { SERVICE SILENT <http://127.0.0.1/> { ?s ?p ?o } }",
    "by variable": "SELECT * { VALUES ?e { <http://127.0.0.1/> } SERVICE ?e { ?s ?p ?o } }",
    "by prefixed name": "PREFIX e: <http://127.0.0.1/> SELECT * { SERVICE e:x { ?s ?p ?o } }",
    "comment between": "SELECT * { SERVICE # hidden\n <http://127.0.0.1/> { ?s ?p ?o } }",
    "no space before an IRI": "SELECT * { SERVICE<http://127.0.0.1/>{ ?s ?p ?o } }",
    "no space before a variable": "SELECT*{SERVICE?e{?s ?p ?o}}",
    "no space before a name": "PREFIX : <http://127.0.0.1/> SELECT * { SERVICE:x{ ?s ?p ?o } }",
    "silent without space": "PREFIX : <http://e/> SELECT * { SERVICESILENT:x{ ?s ?p ?o } }",
    "glued to a literal": "PREFIX : <http://e/> SELECT * { ?s ?p trueSERVICE:x{ ?s ?p ?o } }",
    "glued to a number": "SELECT * { ?s ?p 1SERVICE<http://127.0.0.1/>{ ?s ?p ?o } }",
    "in a subquery": "SELECT * { { SELECT * { SERVICE <http://127.0.0.1/> { ?s ?p ?o } } } }",
    "in an update's shadow": "SELECT * { OPTIONAL { MINUS { SERVICE <http://a/> {} } } }",
    "escaped": r"SELECT * { \u0053ERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
    "escaped, long form": r"SELECT * { \U00000053ERVICE <http://127.0.0.1/> { ?s ?p ?o } }",
    "escape that ends a string": r"SELECT * { ?s ?p '\u0027 . SERVICE <http://a/> {} } #'",
    "after a comparison": "PREFIX : <http://e/> SELECT * { FILTER(1<2)SERVICE:x#>\n{ ?s ?p ?o } }",
    "after a string with a comment sign": 'SELECT * { ?s ?p "#" . SERVICE <http://a/> {} }',
    "after an IRI with a comment sign": "SELECT * { ?s <http://a/#b> ?o . SERVICE <http://a/> {} }",
    "after an escaped quote": r'SELECT * { ?s ?p "\"" . SERVICE <http://a/> {} }',
    "after a long string": 'SELECT * { ?s ?p """a"b""" . SERVICE <http://a/> {} }',
    "after a comment": "SELECT * { # '\n SERVICE <http://a/> {} } # '",
}
UPDATES = {
    "insert": "INSERT DATA { <http://a/> <http://a/> 1 }",
    "delete": "DELETE WHERE { ?s ?p ?o }",
    "after a prologue": "BASE <http://a/> PREFIX a: <b> # x\n delete { ?s ?p ?o } WHERE {}",
    "load": "LOAD <file:///etc/passwd>",
    "clear": "CLEAR ALL",
    "drop": "DROP SILENT GRAPH <http://a/>",
    "create": "CREATE GRAPH <http://a/>",
    "add": "ADD <http://a/> TO <http://b/>",
    "move": "MOVE <http://a/> TO <http://b/>",
    "copy": "COPY <http://a/> TO <http://b/>",
    "with": "WITH <http://a/> DELETE { ?s ?p ?o } WHERE { ?s ?p ?o }",
}
FOREIGN_GRAPHS = {
    "a file": "SELECT * FROM <file:///etc/passwd> { ?s ?p ?o }",
    "a host": "SELECT * FROM <http://127.0.0.1/x> { ?s ?p ?o }",
    "named": "SELECT * FROM NAMED <http://127.0.0.1/x> { GRAPH ?g { ?s ?p ?o } }",
    "by prefix": "PREFIX f: <file:///etc/> SELECT * FROM f:passwd { ?s ?p ?o }",
    "by base": "BASE <file:///etc/> SELECT * FROM <passwd> { ?s ?p ?o }",
    "escaped": r"SELECT * FROM <\u0066ile:///etc/passwd> { ?s ?p ?o }",
    "second": "SELECT * FROM <http://example.org/g> FROM <http://x/> { ?s ?p ?o }",
}
HARMLESS = {
    "variable": "SELECT ?service $SERVICE { ?service ?p $SERVICE }",
    "prefixed name": "PREFIX ex: <http://e/> SELECT * { ex:service ex:SERVICE ex:a.service }",
    "prefix": "PREFIX service: <http://e/> SELECT * { ?s service:x ?o . service:y ?p ?o }",
    "prefix of a graph": "PREFIX service: <http://e/> SELECT * { GRAPH service:x { ?s ?p ?o } }",
    "string": "SELECT * { ?s ?p 'SERVICE <http://a/> { ?s ?p ?o }' }",
    "double-quoted string": 'SELECT * { ?s ?p "SERVICE <http://a/> {" }',
    "long string": 'SELECT * { ?s ?p \'\'\'it\'s a SERVICE {{{ \'\'\' , """SERVICE "" """ }',
    "comment": "SELECT * { ?s ?p ?o } # SERVICE <http://a/> { INSERT DATA ((((",
    "IRI": "SELECT * { ?s <http://a/SERVICE#SERVICE> <urn:service:x> }",
    "IRI with parentheses": "SELECT * { ?s ?p <http://a/Service_(motor)> }",
    "language": "SELECT * { ?s ?p 'x'@service }",
    "blank node": "SELECT * { _:service ?p ?o }",
    "accented name": "PREFIX ex: <http://e/> SELECT * { ex:e\u0301service ?p ?o }",
    "update words as names": "PREFIX insert: <http://e/> SELECT ?delete { insert:load ?p ?delete }",
    "graph of the dataset": "SELECT * FROM <http://example.org/g> { ?s ?p ?o }",
    "graph by prefix": "PREFIX e: <http://example.org/> SELECT * FROM NAMED e:g { ?s ?p ?o }",
    "graph by base": "BASE <http://example.org/> SELECT * FROM <g> { ?s ?p ?o }",
    "graph called service": "PREFIX e: <http://example.org/> SELECT * FROM e:service { ?s ?p ?o }",
    "escaped graph": r"SELECT * FROM <http://example.org/\u0067> { ?s ?p ?o }",
    "comparisons": "SELECT * { ?s ?p ?o FILTER(?o<?s && ?s>?o || ?o <= 3) }",
    "empty": "",
}


@pytest.mark.parametrize("text", SERVICE.values(), ids=SERVICE.keys())
def test_service_is_refused(text: str) -> None:
    """SERVICE is refused however it is written."""
    with pytest.raises(QueryRefused, match="SERVICE"):
        GUARD.check(QueryRequest(text))


@pytest.mark.parametrize("text", UPDATES.values(), ids=UPDATES.keys())
def test_updates_are_refused(text: str) -> None:
    """Every form of an update is refused as such."""
    with pytest.raises(QueryRefused, match="only reads"):
        GUARD.check(QueryRequest(text))


@pytest.mark.parametrize("text", FOREIGN_GRAPHS.values(), ids=FOREIGN_GRAPHS.keys())
def test_foreign_graphs_are_refused(text: str) -> None:
    """FROM names graphs of the dataset; files and hosts are refused."""
    with pytest.raises(QueryRefused, match="not in this dataset"):
        GUARD.check(QueryRequest(text))


@pytest.mark.parametrize("text", HARMLESS.values(), ids=HARMLESS.keys())
def test_harmless_queries_pass(text: str) -> None:
    """Words in names, strings, comments and IRIs are nobody's business."""
    GUARD.check(QueryRequest(text))


def test_protocol_graphs_are_checked() -> None:
    """The graphs of the protocol are held to the same rule."""
    GUARD.check(QueryRequest("ASK {}", default_graphs=("http://example.org/g",)))
    with pytest.raises(QueryRefused, match="file:///etc/passwd"):
        GUARD.check(QueryRequest("ASK {}", default_graphs=("file:///etc/passwd",)))
    with pytest.raises(QueryRefused):
        GUARD.check(QueryRequest("ASK {}", named_graphs=("not an IRI",)))


@pytest.mark.parametrize("pair", ["{}", "()", "[]"])
def test_nesting_is_bounded(pair: str) -> None:
    """A hundred thousand nested groups are refused; the bound itself passes."""
    opening, closing = pair[0], pair[1]
    for depth in (MAX_NESTING + 1, 100_000):
        with pytest.raises(QueryRefused, match="deep"):
            GUARD.check(QueryRequest("SELECT * " + opening * depth + closing * depth))
    GUARD.check(QueryRequest(opening * MAX_NESTING + closing * MAX_NESTING))
    GUARD.check(QueryRequest("ASK { ?s ?p '" + opening * 1000 + "' }"))
    GUARD.check(QueryRequest("ASK { # " + opening * 1000 + "\n}"))


def test_length_is_bounded() -> None:
    """Ten megabytes of query are refused."""
    with pytest.raises(QueryRefused, match="characters"):
        GUARD.check(QueryRequest("ASK {} " + "#" * 10_000_000))


def _seconds_to_check(text: str) -> float:
    """Give the least processor time of a few tries: what else the machine does is not in it."""
    times = []
    for _ in range(3):
        began = time.thread_time()
        for spelling in (f'"""{text}', f"<{text}>", text):
            with contextlib.suppress(QueryRefused):
                GUARD.check(QueryRequest(spelling))
        times.append(time.thread_time() - began)
    return min(times)


@pytest.mark.parametrize(
    "piece",
    [
        *('"', "'", '\\"', ' \\"""', "\"'", '"\n', "<", "<a", "<)SERVICE", "a.", "a-", "a:", ":%"),
        *("@a-", "?", "(", "{}", "#\n", "..", "1 ", r"\u0041", r"<\u0041", "_", "\u0301"),
    ],
)
def test_time_is_linear(piece: str) -> None:
    """No long text takes long: what scans far is never tried again from near by."""
    short = _seconds_to_check(piece * (5_000 // len(piece)))
    long = _seconds_to_check(piece * (80_000 // len(piece)))
    # Sixteen times as long: about 16 when it is linear, 256 when it is quadratic.
    assert long / short < 80


@given(st.text(alphabet=st.sampled_from("SERVICEservice<>{}()'\"\\#?:u0053 \n.@_a1"), max_size=60))
def test_any_text_is_decided(text: str) -> None:
    """Whatever the text, the guard passes or refuses it; it never fails."""
    with contextlib.suppress(QueryRefused):
        GUARD.check(QueryRequest(text))


@given(
    st.lists(st.sampled_from([" ", "\n", "\t", "# x\n", "#'\n", '#"""\n']), max_size=4),
    st.lists(st.booleans(), min_size=7, max_size=7),
    st.lists(st.booleans(), min_size=7, max_size=7),
)
def test_service_cannot_hide(blanks: list[str], upper: list[bool], escaped: list[bool]) -> None:
    """No mixture of case, escapes and comments hides a SERVICE."""
    word = "".join(c.upper() if up else c.lower() for c, up in zip("service", upper, strict=True))
    word = "".join(f"\\u{ord(c):04x}" if esc else c for c, esc in zip(word, escaped, strict=True))
    text = f"SELECT * {{ {''.join(blanks)}{word}{''.join(blanks)} <http://a/> {{}} }}"
    with pytest.raises(QueryRefused):
        GUARD.check(QueryRequest(text))


@given(st.text(max_size=40))
def test_strings_hide_everything(text: str) -> None:
    """What stands in a string literal is never looked at."""
    literal = re.sub(r'["\\\r\n]', "", text)
    GUARD.check(QueryRequest(f'ASK {{ ?s ?p "SERVICE {{ {literal}" }}'))


@given(st.text(max_size=40))
def test_unescaping_is_idempotent_on_plain_text(text: str) -> None:
    """A text without escapes stays as it is."""
    plain = text.replace("\\", "")
    assert unescape(plain) == plain


_PIECES = st.sampled_from(
    (
        *("SERVICE", "service", "FROM", "NAMED", "LOAD", "insert", "Add", "BASE", "PREFIX", "WITH"),
        *("<http://e/>", "e:", "e:x", "?v", "'", '"', "#", "\n", " ", ".", "-", "_", "@en", "1"),
        *(
            "{",
            "}",
            "(",
            "[",
            "\\u0053ERVICE",
            "\\",
            "\u0131nsert",
            "\u017fERVICE",
            "·",
            "å",
            "ASK",
            "*",
        ),
    )
)


@given(st.lists(_PIECES, max_size=12).map("".join))
def test_what_passes_at_a_glance_passes_when_it_is_read(text: str) -> None:
    """The glance that spares a text the tokeniser never lets through what that would refuse."""
    guard = Guard(GRAPHS, max_nesting=3)
    if guard._is_plain(text):
        guard._check_reading(text)
        guard._check_reading(unescape(text))


def test_ordinary_queries_pass_at_a_glance() -> None:
    """The glance is there for look-ups; what must be read is read."""
    assert GUARD._is_plain("PREFIX e: <http://address/> SELECT * { ?s e:loader ?o } LIMIT 3")
    for text in ("ASK FROM <http://e/> {}", "LOAD <http://e/>", "ASK { SERVICE ?e {} }", "ASK # å"):
        assert not GUARD._is_plain(text)
