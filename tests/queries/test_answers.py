"""The competency questions: each stored query gives the answer that was worked out by hand.

And each gives the same answer in another engine (rdflib), run over the same statements.
"""

import math
import re
from collections import defaultdict
from decimal import Decimal
from itertools import combinations

import pytest
import rdflib
from pyoxigraph import DefaultGraph, NamedNode, QuerySolutions, Store

from klustergraf.build import BuildResult
from klustergraf.catalogue import Catalogue
from klustergraf.namespaces import RDF

_OURS = "https://w3id.org/klustergraf/"
Rows = list[tuple[str | None, ...]]


@pytest.fixture(scope="module")
def store(founding_store: Store) -> Store:
    """Give the graph of the founding documents, small enough for answers worked out by hand."""
    return founding_store


@pytest.fixture(scope="module")
def dataset(founding: BuildResult) -> rdflib.Dataset:
    """Load it in rdflib."""
    dataset = rdflib.Dataset(default_union=True)
    dataset.parse(data=founding.version.dataset_path.read_bytes(), format="nquads")
    return dataset


def _text(term: object) -> str | None:
    return None if term is None else str(getattr(term, "value", term)).removeprefix(_OURS)


def _ask(store: Store, name: str, **parameters: str) -> tuple[list[str], Rows]:
    solutions = store.query(Catalogue().get(name).bind(parameters))
    assert isinstance(solutions, QuerySolutions)
    names = [variable.value for variable in solutions.variables]
    rows: Rows = []
    for solution in solutions:
        values = (solution[n] for n in names)
        rows.append(
            tuple(
                None if v is None else str(getattr(v, "value", v)).removeprefix(_OURS)
                for v in values
            )
        )
    return names, rows


def _columns(answer: tuple[list[str], Rows], *names: str) -> Rows:
    heading, rows = answer
    places = [heading.index(name) for name in names]
    return [tuple(row[place] for place in places) for row in rows]


def test_question_1_who_stands_behind_flemingsberg_science(store: Store) -> None:
    """Seven; one is a stated party, two are inferred ones, one is in a group that is a party."""
    answer = _ask(store, "foundation_backers", lang="en")
    assert set(_columns(answer, "actor", "party", "via")) == {
        ("id/actor/region-stockholm", "stated", None),
        ("id/actor/huddinge-kommun", "inferred", "municipalities concerned"),
        ("id/actor/botkyrka-kommun", None, None),
        ("id/actor/karolinska-institutet", "inferred", None),
        ("id/actor/kth", "inferred", None),
        ("id/actor/sodertorns-hogskola", None, None),
        ("id/actor/roda-korsets-hogskola", None, None),
    }
    assert len(answer[1]) == 7


def test_question_2_aspects_and_priority_areas_in_order(store: Store) -> None:
    """Five aspects, thirteen areas, in the order of the document, in both languages."""
    answer = _ask(store, "strategy_priority-areas")
    assert _columns(answer, "areaNotation", "areaSv") == [
        ("A1", "Samverkan och kunskapsdelning"),
        ("A2", "Data och infrastruktur"),
        ("A3", "Internationell konkurrenskraft och finansiering"),
        ("B1", "Internationellt samarbete"),
        ("B2", "Kommunikation"),
        ("B3", "Attraktion för investeringar och talanger"),
        ("C1", "Klimat och miljö"),
        ("C2", "Beredskap"),
        ("D1", "Utbildning"),
        ("D2", "Kompetens"),
        ("E1", "Processer för utveckling"),
        ("E2", "Uppskalning"),
        ("E3", "Forskningsinfrastruktur"),
    ]
    aspects = list(dict.fromkeys(_columns(answer, "aspectNotation", "aspectEn")))
    assert aspects == [
        ("A", "Research and innovation"),
        ("B", "Clear identity and international accessibility"),
        ("C", "Sustainable development and resilience"),
        ("D", "Skills supply and talent development"),
        ("E", "Research infrastructures and test environments"),
    ]
    assert None not in {value for row in answer[1] for value in row}


def test_question_3_what_the_strategy_replaces_and_builds_on(store: Store) -> None:
    """One strategy replaced, three things built on (one a reading), one decision that adopts it."""
    answer = _ask(store, "strategy_lineage", lang="en")
    assert set(_columns(answer, "relation", "thing", "diaryNumber", "date", "dateAsRead")) == {
        ("replaces", "id/strategy/rs-2019-0751", "RS 2019-0751", None, None),
        ("builds on", "id/strategy/rs-2019-0751", "RS 2019-0751", None, None),
        ("builds on", "id/strategy/national-life-science", None, None, None),
        ("builds on", "id/agreement/letter-of-intent-2024", "RS 2024-0398", "2024-06-14", None),
        (
            "is adopted by",
            "id/decision/strategy-2026",
            "RS 2025-0671",
            "2026-06-09?",
            "9 juni 2026 december",
        ),
    }
    origins = {row[0]: row[1] for row in _columns(answer, "thing", "origin")}
    assert origins["id/agreement/letter-of-intent-2024"] == "graph of curated readings"


def test_question_4_parties_stated_and_inferred_apart(store: Store) -> None:
    """Five named and two described parties are stated; five universities are inferred, with why."""
    answer = _ask(store, "agreement_parties", lang="en")
    rows = _columns(answer, "party", "certainty", "isOpenGroup")
    assert [row for row in rows if row[1] == "stated"] == [
        ("id/actor/lansstyrelsen-stockholm", "stated", "false"),
        ("id/actor/lansstyrelsen-uppsala", "stated", "false"),
        ("id/actor/region-stockholm", "stated", "false"),
        ("id/actor/region-uppsala", "stated", "false"),
        ("id/actor/stockholms-handelskammare", "stated", "false"),
        ("id/group/berorda-kommuner", "stated", "true"),
        ("id/group/fem-universiteten", "stated", "true"),
    ]
    assert {row[0] for row in rows[7:]} == {
        "id/actor/karolinska-institutet",
        "id/actor/kth",
        "id/actor/stockholms-universitet",
        "id/actor/uppsala-universitet",
        "id/actor/slu",
    }
    assert [row[1] for row in rows[7:]] == ["inferred"] * 5
    reasons = _columns(answer, "certainty", "reason")
    assert all((reason is None) == (certainty == "stated") for certainty, reason in reasons)


def test_question_5_who_sits_in_a_municipality_and_a_county(store: Store) -> None:
    """In Huddinge: its authority, the foundation, and the four on Campus Flemingsberg."""
    in_huddinge = {
        "id/actor/huddinge-kommun",
        "id/actor/flemingsberg-science",
        "id/actor/karolinska-institutet",
        "id/actor/kth",
        "id/actor/sodertorns-hogskola",
        "id/actor/roda-korsets-hogskola",
    }
    answer = _ask(store, "actors_in-place")
    assert {row[0] for row in answer[1]} == in_huddinge
    county = _ask(store, "actors_in-place", place=f"{_OURS}id/place/uppsala-lan")
    assert {row[0] for row in county[1]} == {
        "id/actor/uppsala-universitet",
        "id/actor/slu",
        "id/actor/region-uppsala",
        "id/actor/lansstyrelsen-uppsala",
    }


def _kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """Great-circle distance (haversine), points as (longitude, latitude) in degrees."""
    (lon1, lat1), (lon2, lat2) = ((math.radians(x), math.radians(y)) for x, y in (one, other))
    h = (
        math.sin((lat2 - lat1) / 2) ** 2
        + math.cos(lat1) * math.cos(lat2) * math.sin((lon2 - lon1) / 2) ** 2
    )
    return 2 * 6371.0088 * math.asin(math.sqrt(h))


def test_question_5_who_sits_within_some_kilometres(store: Store) -> None:
    """The radius decides who is in, and the distance is the great circle's."""
    near = {row[0] for row in _ask(store, "actors_near-place", radius_km="5")[1]}
    assert "id/actor/kth" in near
    assert "id/actor/botkyrka-kommun" not in near
    answer = _columns(_ask(store, "actors_near-place", radius_km="100"), "actor", "km")
    far = {actor: float(km or "nan") for actor, km in answer if actor}
    flemingsberg = (17.95, 59.22)
    for actor, point in {
        "id/actor/uppsala-universitet": (17.63324, 59.84997),
        "id/actor/slu": (17.6613, 59.81546),
        "id/actor/huddinge-kommun": (18.01648, 59.21394),
    }.items():
        assert far[actor] == pytest.approx(_kilometres(flemingsberg, point), rel=0.005, abs=0.06)


def test_question_6_who_collaborates_through_what(store: Store) -> None:
    """Seven backers make 21 pairs, ten parties 45, three pairs are in both: 63, four tied twice."""
    answer = _ask(store, "actors_collaborations", lang="en")
    rows = _columns(answer, "a", "b", "ties", "certainty", "since")
    assert len(rows) == 21 + 45 - 3
    assert {row[:3] for row in rows if row[2] != "1"} == {
        ("id/actor/karolinska-institutet", "id/actor/kth", "2"),
        ("id/actor/karolinska-institutet", "id/actor/region-stockholm", "2"),
        ("id/actor/kth", "id/actor/region-stockholm", "2"),
        ("id/actor/region-stockholm", "id/actor/region-uppsala", "2"),
    }
    facts = {(row[0], row[1]): (row[3], row[4]) for row in rows}
    assert facts["id/actor/karolinska-institutet", "id/actor/kth"] == ("stated", "2024-06-14")
    assert facts["id/actor/kth", "id/actor/slu"] == ("inferred", "2024-06-14")
    assert facts["id/actor/botkyrka-kommun", "id/actor/kth"] == ("stated", "")
    kth = _ask(store, "actors_collaborations", actor=f"{_OURS}id/actor/kth")
    assert len(kth[1]) == 6 + 9 - 2


def test_question_6_and_12_projects_counted_from_the_statements(shipped_store: Store) -> None:
    """Projects by actor and by pair are those that sets of the statements give.

    FP7 has 316 projects under the key of KTH and 246 under that of Uppsala universitet; the graph
    has 320 and 247, because a second key of each was found to be the same actor.
    """
    inside = {
        quad.subject
        for quad in shipped_store.quads_for_pattern(
            None, _kg("locatedIn"), NamedNode(f"{_OURS}id/place/stockholm-uppsala"), DefaultGraph()
        )
    }
    fp7 = {
        quad.subject
        for quad in shipped_store.quads_for_pattern(
            None, _kg("inProgramme"), NamedNode(f"{_OURS}id/programme/fp7"), DefaultGraph()
        )
    }
    projects = _values(shipped_store, "inProject")
    taking_part: dict[str, set[str]] = defaultdict(set)
    for part, actors in _values(shipped_store, "hasParticipant").items():
        for project in projects.get(part, set()) & fp7:
            for actor in actors & inside:
                taking_part[_name(actor)].add(_name(project))
    programme = f"{_OURS}id/programme/fp7"
    answer = _ask(shipped_store, "projects_by-actor", programme=programme, lang="en")
    counts = _table(answer, "actor", "projects")
    assert counts == {actor: str(len(found)) for actor, found in taking_part.items()}
    known = ("kth", "karolinska-institutet", "uppsala-universitet", "stockholms-universitet")
    assert [counts[f"id/actor/{name}"] for name in known] == ["320", "315", "247", "139"]

    pairs = _columns(
        _ask(shipped_store, "projects_pairs", programme=programme, lang="en"), "a", "b", "projects"
    )
    assert {(a, b): n for a, b, n in pairs} == {
        (a, b): str(len(taking_part[a] & taking_part[b]))
        for a, b in combinations(sorted(taking_part), 2)
        if taking_part[a] & taking_part[b]
    }
    three = {frozenset(pair): n for *pair, n in pairs}
    kth, ki, uppsala = (f"id/actor/{name}" for name in known[:3])
    assert three[frozenset((uppsala, kth))] == "21"
    assert three[frozenset((ki, uppsala))] == "16"
    assert three[frozenset((ki, kth))] == "15"


def test_question_12_with_whom_abroad(shipped_store: Store) -> None:
    """Partners of KTH by country, counted from the statements."""
    kth = NamedNode(f"{_OURS}id/actor/kth")
    projects, actors = _values(shipped_store, "inProject"), _values(shipped_store, "hasParticipant")
    countries = _values(shipped_store, "addressCountry", "https://schema.org/")
    own = {p for part, found in actors.items() if kth in found for p in projects.get(part, ())}
    partners: dict[str, set[str]] = defaultdict(set)
    for part, found in actors.items():
        if projects.get(part, set()) & own:
            for actor in found:
                for country in countries.get(actor, ()):
                    partners[str(getattr(country, "value", ""))].add(_name(actor))
    del partners["SE"]
    answer = _ask(shipped_store, "projects_partners-abroad")
    assert _table(answer, "country", "partners") == {
        country: str(len(found)) for country, found in partners.items()
    }


def test_question_7_how_two_are_connected(store: Store) -> None:
    """Huddinge meets Region Uppsala through those behind the foundation that share an agreement."""
    answer = _ask(
        store,
        "actors_connections",
        actor=f"{_OURS}id/actor/huddinge-kommun",
        target=f"{_OURS}id/actor/region-uppsala",
    )
    ways = set(_columns(answer, "between", "first", "second"))
    foundation, letter = "id/actor/flemingsberg-science", "id/agreement/letter-of-intent-2024"
    group = "id/group/operativa-gruppen"
    assert ways == {
        ("id/actor/kth", foundation, letter),
        ("id/actor/karolinska-institutet", foundation, letter),
        ("id/actor/region-stockholm", foundation, letter),
        ("id/actor/region-stockholm", foundation, group),
    }


def test_question_8_who_bridges_the_counties(store: Store) -> None:
    """Parties to the letter of intent meet both counties; others of the foundation one."""
    rows = {
        row[0]: row[1:]
        for row in _columns(_ask(store, "actors_bridges"), "actor", "inStockholm", "inUppsala")
    }
    # Of Uppsala county: Region Uppsala, the county board, Uppsala universitet, SLU.
    assert rows["id/actor/kth"] == ("8", "4")
    assert rows["id/actor/region-uppsala"] == ("5", "3")
    assert "id/actor/huddinge-kommun" not in rows
    assert len(rows) == 10


def test_question_9_what_stands_behind_each_area(store: Store, shipped_store: Store) -> None:
    """All thirteen areas, also those with nothing; the founding graph has seven for education."""
    counted = _columns(
        _ask(store, "strategy_coverage"), "notation", "actors", "facilities", "projects"
    )
    assert [row[0] for row in counted] == (
        ["A1", "A2", "A3", "B1", "B2", "B3", "C1", "C2", "D1", "D2", "E1", "E2", "E3"]
    )
    assert {row[0]: row[1:] for row in counted if row[1:] != ("0", "0", "0")} == {
        "D1": ("7", "0", "0"),  # seven higher education institutions
        "E2": ("0", "1", "0"),  # Novum Innovation Lab
    }
    whole = _columns(_ask(shipped_store, "strategy_coverage"), "notation", "facilities")
    contributing = _values(shipped_store, "contributesTo")
    facilities = {
        quad.subject
        for quad in shipped_store.quads_for_pattern(
            None, NamedNode(RDF + "type"), _kg("Facility"), DefaultGraph()
        )
    }
    for notation, count in whole:
        area = NamedNode(f"{_OURS}id/priority/{str(notation).lower()}")
        assert count == str(sum(1 for f in facilities if area in contributing.get(f, ()))), notation


def test_question_10_who_shares_partners(store: Store) -> None:
    """Region Uppsala shares three partners with each that only stands behind the foundation."""
    answer = _ask(store, "actors_common-partners", actor=f"{_OURS}id/actor/region-uppsala")
    assert _table(answer, "other", "shared") == dict.fromkeys(
        (
            "id/actor/botkyrka-kommun",
            "id/actor/huddinge-kommun",
            "id/actor/roda-korsets-hogskola",
            "id/actor/sodertorns-hogskola",
        ),
        "3",
    )


def test_question_11_facilities_and_who_runs_them(store: Store, shipped_store: Store) -> None:
    """Novum Innovation Lab in Huddinge; of the whole, each facility with an area, once."""
    assert _columns(
        _ask(store, "facilities_operators"), "facility", "operators", "places", "areas"
    ) == [("id/facility/novum-innovation-lab", "", "Huddinge", "E2")]
    rows = _columns(_ask(shipped_store, "facilities_operators", lang="en"), "facility", "operators")
    assert len(rows) == len({row[0] for row in rows}) > 68
    operated = _values(shipped_store, "isOperatedBy")
    for facility, operators in rows:
        runs = operated.get(NamedNode(f"{_OURS}{facility}"), set())
        assert len(str(operators).split("; ")) == max(len(runs), 1), facility
    some = _ask(shipped_store, "facilities_operators", area=f"{_OURS}id/priority/e1", lang="en")
    assert {row[0] for row in some[1]} < {row[0] for row in rows}


def _table(answer: tuple[list[str], Rows], key: str, value: str) -> dict[str, str]:
    return {str(row[0]): str(row[1]) for row in _columns(answer, key, value)}


def _kg(name: str) -> NamedNode:
    return NamedNode(f"{_OURS}ontology#{name}")


def _name(term: object) -> str:
    return str(getattr(term, "value", term)).removeprefix(_OURS)


def _values(
    store: Store, name: str, namespace: str = f"{_OURS}ontology#"
) -> dict[object, set[object]]:
    """Give the values of a property by subject."""
    found: dict[object, set[object]] = defaultdict(set)
    for quad in store.quads_for_pattern(None, NamedNode(namespace + name), None, DefaultGraph()):
        found[quad.subject].add(quad.object)
    return found


def test_question_13_what_the_graph_says_and_on_what_evidence(store: Store) -> None:
    """The foundation: its seven backers, each with the passage that names it."""
    answer = _ask(store, "actor_facts")
    backing = [
        (subject, document, start, end)
        for subject, prop, document, start, end in _columns(
            answer, "subject", "property", "document", "start", "end"
        )
        if prop == "http://www.w3.org/ns/org#organization"
    ]
    assert len(backing) == 7
    assert {document for _, document, _, _ in backing} == {"id/document/huddinge-statement"}
    assert all(int(end or 0) > int(start or 0) for _, _, start, end in backing)
    kinds = {row[0] for row in _columns(answer, "graphKind")}
    assert kinds == {"ontology#statedGraph", "ontology#derivedGraph"}


def test_question_15_asserted_inferred_and_derived(store: Store, founding: BuildResult) -> None:
    """Every graph has its kind; derived ones name their rule; counts are those of the manifest."""
    answer = _columns(_ask(store, "graphs_origin", lang="en"), "kind", "graph", "triples", "rule")
    graphs = {graph: (kind, triples, rule) for kind, graph, triples, rule in answer}
    for iri, triples in founding.version.manifest.triples.items():
        kind, counted, rule = graphs[iri.removeprefix(_OURS)]
        assert (rule is not None) == (kind == "derived graph")
        assert counted == (None if iri.endswith("/catalogue") else str(triples))
    readings = _ask(store, "readings_reasons", lang="en")
    assert len({row[0] for row in readings[1]}) >= 20
    assert None not in {row[0] for row in _columns(readings, "reason")}


def test_question_16_what_led_to_the_strategy(store: Store) -> None:
    """From the first strategy to the decision, in time order."""
    assert _columns(_ask(store, "strategy_timeline"), "when", "step") == [
        ("2019", "id/decision/strategy-2019"),
        ("2023", "id/event/stakeholder-dialogue-2023-2024"),
        ("2024-06", "id/event/signing-meeting-2024"),
        ("2024-06-14", "id/agreement/letter-of-intent-2024"),
        ("2024-06-14", "id/event/signing-2024"),
        ("2025-23?", "id/event/strategy-workshops"),
        (None, "id/proposal/strategy-to-regionstyrelsen"),
        (None, "id/proposal/strategy-to-regionfullmaktige"),
        ("2026-06-09?", "id/decision/strategy-2026"),
    ]


def test_question_17_which_bodies_decide_or_are_told(store: Store) -> None:
    """Who proposes to whom, who decides, who is to be told, in each case."""
    answer = _ask(store, "decisions_bodies", lang="en")
    huddinge, region = "id/actor/huddinge-kommunstyrelsen", "id/actor/region-stockholm"
    first, second = "strategy-to-regionstyrelsen", "strategy-to-regionfullmaktige"
    assert set(_columns(answer, "body", "duty", "matter")) == {
        (f"{huddinge}s-forvaltning", "is proposed by", "id/proposal/huddinge-2024"),
        (huddinge, "is proposed to", "id/proposal/huddinge-2024"),
        (huddinge, "is decided by", "id/decision/huddinge-2024"),
        (f"{region}-regionledningskontoret", "notifies", "id/decision/huddinge-2024"),
        (region, "is decided by", "id/decision/strategy-2019"),
        (f"{region}-regionledningskontoret", "is proposed by", f"id/proposal/{first}"),
        (f"{region}-regionstyrelsen", "is proposed to", f"id/proposal/{first}"),
        (f"{region}-regionstyrelsen", "is proposed by", f"id/proposal/{second}"),
        (f"{region}-regionfullmaktige", "is proposed to", f"id/proposal/{second}"),
        (f"{region}-regionfullmaktige", "is decided by", "id/decision/strategy-2026"),
    }


def test_question_18_stages_and_domains(store: Store) -> None:
    """The cluster covers all five stages and both domains; SLU research and veterinary medicine."""
    answer = _ask(store, "actor_value-chain", lang="en")
    rows = _columns(answer, "actor", "kind", "covers")
    cluster = [row for row in rows if row[0] == "id/actor/capital-of-life"]
    assert [row[1] for row in cluster].count("stage") == 5
    assert [row[1] for row in cluster].count("domain") == 2
    slu = _ask(store, "actor_value-chain", actor=f"{_OURS}id/actor/slu", lang="en")
    assert _columns(slu, "covers", "origin") == [
        ("id/value-chain-stage/research", "derived graph"),
        ("id/medical-domain/veterinary", "graph of curated readings"),
    ]


@pytest.mark.parametrize("name", ["actor_value-chain", "actors_collaborations", "strategy_lineage"])
def test_words_of_an_answer_are_in_the_language_asked_for(store: Store, name: str) -> None:
    """What says the kind of a row is not the same word in both languages, nor missing in one."""
    column = {"actor_value-chain": "kind", "actors_collaborations": "certainty"}
    said = {
        language: {
            row[0]
            for row in _columns(_ask(store, name, lang=language), column.get(name, "relation"))
        }
        for language in ("sv", "en")
    }
    assert not said["sv"] & said["en"]
    assert (
        said["sv"]
        == {
            "actor_value-chain": {"steg", "domän"},
            "actors_collaborations": {"angiven", "tolkad"},
            "strategy_lineage": {"ersätter", "bygger på", "antas av"},
        }[name]
    )


def test_no_answer_has_words_of_its_query_in_both_languages(store: Store) -> None:
    """A word that a query itself writes into its answer is of one language."""
    found = []
    for stored in Catalogue():
        if "lang" not in {parameter.name for parameter in stored.parameters}:
            continue
        written = {
            text
            for text in re.findall(r'"((?:[^"\\]|\\.)*)"', stored.text)
            if re.search("[A-Za-z]{3}", text)
        }
        answers = []
        for language in ("sv", "en"):
            _, rows = _ask(store, stored.name, lang=language)
            answers.append({text for row in rows for text in row if text in written})
        found += [f"{stored.name}: {text}" for text in answers[0] & answers[1]]
    assert found == []


def test_no_stored_query_is_left_without_an_answer_here() -> None:
    """Every query of the catalogue is asked in this file, and says which question it answers."""
    with open(__file__, encoding="utf-8") as file:  # noqa: PTH123 - this file
        text = file.read()
    for query in Catalogue():
        assert f'"{query.name}"' in text, f"{query.name}: add its expected answer"
        assert query.question is not None, f"{query.name}: add `#+ question:`"


def _plain(value: object) -> str:
    if isinstance(value, rdflib.Literal) and isinstance(value.value, Decimal | float):
        return f"{float(value.value):g}"
    return str(value)


def _same_in_any_order(text: str) -> str:
    """GROUP_CONCAT has no order of its own."""
    return "; ".join(sorted(text.split("; ")))


# What rdflib cannot do: it has no geof:distance, GROUP_CONCAT of nothing
# is an error to it, and it joins parts of some queries as a cross
# product before it looks at what connects them. Projects and partners are counted from sets above.
_ELSEWHERE = {
    "actors_bridges",
    "actors_common-partners",
    "actors_connections",
    "actors_near-place",
    "decisions_bodies",
    "facilities_operators",
    "projects_by-actor",
    "projects_pairs",
    "projects_partners-abroad",
}


@pytest.mark.parametrize("name", sorted({query.name for query in Catalogue()} - _ELSEWHERE))
def test_another_engine_gives_the_same_answer(
    name: str, store: Store, dataset: rdflib.Dataset
) -> None:
    """rdflib, which shares no code with the engine, finds the same rows."""
    names, ours = _ask(store, name)
    theirs = [
        tuple(None if row[n] is None else _plain(row[n]).removeprefix(_OURS) for n in names)
        for row in dataset.query(Catalogue().get(name).text)
        if isinstance(row, rdflib.query.ResultRow)
    ]

    def key(rows: Rows) -> list[tuple[str, ...]]:
        return sorted(tuple(_same_in_any_order(v or "") for v in row) for row in rows)

    assert key(theirs) == key(ours)
