"""Networks from the terminal, and as pictures and workbooks: what a person types and gets."""

import csv
import io
import json
import re
import xml.etree.ElementTree as ET
from dataclasses import replace
from itertools import combinations
from pathlib import Path
from typing import Any
from zipfile import ZipFile

import networkx as nx
import pandas as pd
import pytest
import scipy.io
from click.testing import CliRunner, Result
from openpyxl import load_workbook
from PIL import Image

from klustergraf.analysis import formats, picture, storage
from klustergraf.analysis.contents import network_contents, projection_contents
from klustergraf.analysis.growth import growth
from klustergraf.analysis.kinds import GROUPS
from klustergraf.analysis.layout import positions
from klustergraf.analysis.measures import Links
from klustergraf.analysis.network import NetworkFilter, project_actors
from klustergraf.analysis.projections import ONTO, project_onto
from klustergraf.analysis.storage import Analysis
from klustergraf.build import BuildResult
from klustergraf.cli import main
from klustergraf.errors import AnalysisParameterError

SVG = "{http://www.w3.org/2000/svg}"
FOUNDATION = NetworkFilter(ties=("foundation",))


@pytest.fixture(scope="module")
def analysis(founding: BuildResult) -> Analysis:
    """Give the analysis of the graph of the founding documents."""
    return storage.load(founding.version)


def run(founding: BuildResult, *words: str) -> Result:
    """Run a command on the graph of the founding documents."""
    home = founding.version.path.parents[1]
    result = CliRunner().invoke(main, ["--home", str(home), *words])
    assert "Traceback" not in result.output
    return result


def rows_of(result: Result) -> list[dict[str, str]]:
    """Read CSV."""
    assert result.exit_code == 0, result.output
    return list(csv.DictReader(io.StringIO(result.stdout)))


def test_metrics(founding: BuildResult, analysis: Analysis) -> None:
    """The seven actors behind the foundation, and itself, each tied to all: counted by hand."""
    rows = rows_of(run(founding, "network", "metrics", "--tie", "foundation", "--format", "csv"))
    assert {row["actor"] for row in rows} >= {"huddinge-kommun", "karolinska-institutet", "kth"}
    assert {row["degree"] for row in rows} == {str(len(rows) - 1)}
    found = json.loads(run(founding, "network", "metrics", "--format", "json").stdout)
    whole = {a.slug: p for p, a in enumerate(analysis.snapshot.actors)}
    for row in found:
        assert row["pagerank"] == analysis.measures["pagerank"][whole[row["actor"]]]
    assert [r["degree"] for r in found] == sorted((r["degree"] for r in found), reverse=True)


@pytest.mark.parametrize("name", ["KI", "karolinska institutet", "KAROLINSKA-INSTITUTET"])
def test_names_as_they_come(founding: BuildResult, name: str) -> None:
    """Short forms, capitals and slugs name the same actor."""
    result = run(founding, "network", "ego", name, "--format", "csv")
    assert "Karolinska Institutet:" in result.stderr
    assert "kth" in {row["partner"] for row in rows_of(result)}


def test_paths(founding: BuildResult) -> None:
    """Each path begins and ends where it should, step by step, with its evidence."""
    words = [
        "network",
        "paths",
        "Sodertorns hogskola",
        "KTH",
        "--tie",
        "foundation",
        "--lang",
        "sv",
    ]
    rows = rows_of(run(founding, *words, "--format", "csv"))
    first = [row for row in rows if row["path"] == "1"]
    assert [row["from"] for row in first] == ["Södertörns högskola"]
    assert first[0]["to"] == "Kungliga Tekniska högskolan"
    assert first[0]["evidence"].startswith("https://w3id.org/klustergraf/id/collaboration/")
    assert "Flemingsberg Science" in first[0]["through"]


def test_groups_coverage_gaps_and_suggestions(founding: BuildResult) -> None:
    """The other lists come as tables and as data."""
    groups = rows_of(run(founding, "network", "communities", "--format", "csv"))
    assert [int(g["actors"]) for g in groups] == sorted(
        (int(g["actors"]) for g in groups), reverse=True
    )
    assert "Priority" not in run(founding, "strategy", "coverage", "--by", "kind").stderr
    gaps = rows_of(run(founding, "strategy", "gaps", "--format", "csv", "--limit", "3"))
    assert len(gaps) == 3
    told = run(founding, "suggest", "Sodertorns hogskola", "--lang", "sv")
    assert told.exit_code == 0
    assert "Södertörns högskola" in told.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["network", "ego", "Karolinska Insitutet"], "Karolinska Institutet"),
        (["network", "ego", "KTH", "--radius", "9"], "1 to 5"),
        (["network", "paths", "KTH", "KI", "-k", "500"], "1 to 50"),
        (["network", "plot", "picture.bmp"], ".svg nor .png"),
        (["suggest", "nobody at all"], "no actor"),
        (["network", "export", "x", "--format", "word"], "'word'"),
    ],
)
def test_what_cannot_be_done(founding: BuildResult, words: list[str], said: str) -> None:
    """Exit status 2, and a message that says what to do."""
    result = run(founding, *words)
    assert result.exit_code == 2
    assert said in result.stderr


def test_nothing_fits(founding: BuildResult) -> None:
    """Contradictory filters give an empty table and a hint, and no failure."""
    result = run(founding, "network", "metrics", "--tie", "foundation", "--programme", "fp7")
    assert result.exit_code == 0
    assert "Nothing has the programme 'fp7'." in result.stderr


@pytest.mark.parametrize("language", ["sv", "en"])
def test_svg(analysis: Analysis, language: str) -> None:
    """Every actor and pair is drawn; the file says what it holds; markup in names is text."""
    network = project_actors(analysis.snapshot, FOUNDATION)
    root = ET.fromstring(picture.svg(analysis, network, language))  # noqa: S314 # made here
    circles = root.findall(f".//{SVG}a/{SVG}circle")
    assert len(circles) == len(network.nodes)
    assert len(root.findall(f".//{SVG}line")) == len(network.edges)
    description = root.findtext(f"{SVG}desc") or ""
    assert analysis.snapshot.version in description
    assert "foundation" in description
    hostile = replace(analysis.snapshot.actors[network.nodes[0]], labels={language: "<b>&\"'"})
    actors = list(analysis.snapshot.actors)
    actors[network.nodes[0]] = hostile
    changed = replace(analysis, snapshot=replace(analysis.snapshot, actors=tuple(actors)))
    shown = project_actors(changed.snapshot, FOUNDATION)
    again = ET.fromstring(picture.svg(changed, shown, language))  # noqa: S314 # made here
    assert "<b>&\"'" in [title.text for title in again.iter(f"{SVG}title")]


def test_names_overlap_nothing(analysis: Analysis) -> None:
    """No two names meet, none leaves the picture, and none crosses a large actor."""
    drawing = picture.compose(analysis, analysis.network)
    assert len(drawing.names) > 15
    for a, b in combinations(drawing.names, 2):
        assert not a.box.meets(b.box), (a.text, b.text)
    for name in drawing.names:
        assert name.box.left >= 0
        assert name.box.right <= drawing.width
        for mark in drawing.marks:
            if mark.radius >= 12:
                around = picture.Box(
                    mark.x - mark.radius, mark.y - mark.radius,
                    mark.x + mark.radius, mark.y + mark.radius,
                )  # fmt: skip
                assert not name.box.meets(around)


def test_png(founding: BuildResult, tmp_path: Path) -> None:
    """The command writes a picture that another library opens, of the size that was asked for."""
    file = tmp_path / "network.png"
    result = run(founding, "network", "plot", str(file), "--tie", "foundation")
    assert result.exit_code == 0
    with Image.open(file) as opened:
        assert opened.format == "PNG"
        assert opened.width == 2400
        colours = {opened.getpixel((x, y)) for x in range(0, 2400, 3) for y in range(0, 900, 3)}
    assert (0, 114, 178) in colours


def test_too_large_for_a_picture(analysis: Analysis, monkeypatch: pytest.MonkeyPatch) -> None:
    """Too many actors are refused, with what to do instead."""
    monkeypatch.setattr(picture, "MOST_ACTORS", 3)
    with pytest.raises(AnalysisParameterError, match="export"):
        picture.svg(analysis, analysis.network)


def test_workbook(analysis: Analysis) -> None:
    """Excel's sheets hold what the rows hold, in each way to read them, and no time of making."""
    hostile = '=HYPERLINK("https://example.org")'
    actors = list(analysis.snapshot.actors)
    place = analysis.network.edges[0].source
    actors[place] = replace(actors[place], labels={"en": hostile, "sv": "007 <å> & \n"})
    snapshot = replace(analysis.snapshot, actors=tuple(actors))
    network = replace(analysis.network, snapshot=snapshot)
    held = network_contents(replace(analysis, snapshot=snapshot, network=network), network)
    content = formats.xlsx(held)
    for is_lazy in (False, True):
        book = load_workbook(io.BytesIO(content), read_only=is_lazy)
        assert book.sheetnames == ["Actors", "Pairs", "About"]
        for sheet, columns, rows in (
            ("Actors", held.node_columns, held.nodes),
            ("Pairs", held.edge_columns, held.edges),
        ):
            header, *read = book[sheet].iter_rows(values_only=True)
            assert header == columns
            assert read == [tuple(row[name] for name in columns) for row in rows]
        told = list(book["About"].iter_rows(min_row=2, values_only=True))
        assert told == list(held.about.items())
        kinds = {cell.data_type for sheet in book for row in sheet.iter_rows() for cell in row}
        assert "f" not in kinds
    table = pd.read_excel(io.BytesIO(content), sheet_name="Actors", keep_default_na=False)
    assert table.to_dict("records") == held.nodes
    with ZipFile(io.BytesIO(content)) as archive:
        assert {part.date_time[:3] for part in archive.infolist()} == {(1980, 1, 1)}
        core = archive.read("docProps/core.xml").decode()
    assert re.findall(r"\d{4}-\d\d-\d\d", core) == ["2000-01-01", "2000-01-01"]


@pytest.mark.parametrize("onto", ONTO)
@pytest.mark.parametrize("name", formats.FORMATS)
def test_projections_in_every_format(
    founding: BuildResult, analysis: Analysis, tmp_path: Path, name: str, onto: str
) -> None:
    """The command writes a projection in every format, each as it is read elsewhere."""
    file = tmp_path / "onto"
    held = projection_contents(analysis, NetworkFilter(), onto)
    result = run(founding, "network", "export", str(file), "--format", name, "--onto", onto)
    assert result.exit_code == 0
    assert f"{len(held.nodes)} nodes, {len(held.edges)} edges" in result.stderr
    content = file.read_bytes()
    pairs = {(row["source"], row["target"]): row["weight"] for row in held.edges}
    if name in ("gexf", "graphml"):
        read: Any = nx.read_gexf(file) if name == "gexf" else nx.read_graphml(file)
        sorts = nx.get_node_attributes(read, "bipartite")
        assert nx.is_bipartite(read)
        found = {((b, a) if sorts[a] else (a, b)): w for a, b, w in read.edges(data="weight")}
        assert found == pairs
        assert all(sorts[a] == 0 and sorts[b] == 1 for a, b in found)
    elif name == "mtx":
        matrix = scipy.io.mmread(io.BytesIO(content))
        assert matrix.shape[0] + matrix.shape[1] == len(held.nodes)
        assert matrix.sum() == sum(pairs.values())
        rows = [row["id"] for row in held.nodes if not row["bipartite"]]
        sums = {rows[n]: total for n, total in enumerate(matrix.sum(axis=1).flat)}
        assert sums == {row["id"]: row["strength"] for row in held.nodes if not row["bipartite"]}
        columns = re.findall(r"^% column \d+ (\S+)$", content.decode(), re.MULTILINE)
        assert columns == [row["id"] for row in held.nodes if row["bipartite"]]
    elif name == "xlsx":
        book = load_workbook(io.BytesIO(content))
        assert book.sheetnames == ["Nodes", "Edges", "About"]
        assert book["Edges"].max_row == len(pairs) + 1
    elif name == "csv":
        rows_read = list(csv.DictReader(io.StringIO(content.decode())))
        assert {(r["source"], r["target"]): int(r["weight"]) for r in rows_read} == pairs
    elif name in ("cytoscape", "kumu", "vosviewer"):
        document = json.loads(content)
        outer, inner = {
            "cytoscape": ("elements", "edges"),
            "kumu": ("", "connections"),
            "vosviewer": ("network", "links"),
        }[name]
        edges = (document[outer] if outer else document)[inner]
        assert len(edges) == len(pairs)
    if name != "xlsx" and (pairs or not name.startswith("csv")):
        assert analysis.snapshot.version.encode() in content


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["metrics", "--kind", "universty"], "the kind 'universty'. Did you mean university?"),
        (["metrics", "--county", "stokholms-lan"], "Did you mean stockholms-lan"),
        (["metrics", "--programme", "fp99", "--kind", "university"], "programme 'fp99'"),
        (["metrics", "--since", "2020", "--until", "2010"], "end (2010) before they begin (2020)"),
        (["onto", "priority", "--municipality", "upsala"], "Did you mean uppsala"),
        (["metrics", "--tie", "facility", "--min-weight", "99"], "Take one away"),
        (["paths", "KTH", "kth"], "the same actor"),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, list) else None,
)
def test_filters_that_nothing_fits(founding: BuildResult, words: list[str], told: str) -> None:
    """An empty answer is a result, and says what is amiss with the filters."""
    result = run(founding, "network", *words)
    assert result.exit_code == 0
    assert told in result.stderr


def test_a_file_that_cannot_be_written(founding: BuildResult, tmp_path: Path) -> None:
    """A folder that is not there is told, without a traceback."""
    for words in (
        ["export", str(tmp_path / "no" / "x"), "--format", "csv"],
        ["plot", str(tmp_path / "no" / "x.svg"), "--tie", "foundation"],
    ):
        result = run(founding, "network", *words)
        assert result.exit_code == 1
        assert "No such file or directory" in result.stderr


def test_a_projection_is_around_no_one(founding: BuildResult, tmp_path: Path) -> None:
    """What is around one actor has actors alone: both asked for are refused."""
    words = ["--format", "gexf", "--onto", "priority", "--ego", "KTH"]
    result = run(founding, "network", "export", str(tmp_path / "file"), *words)
    assert result.exit_code == 2
    assert "--onto or --ego" in result.stderr


def test_communities_tell_their_stability(founding: BuildResult, analysis: Analysis) -> None:
    """The list and the files say how much of each community comes back."""
    rows = rows_of(run(founding, "network", "communities", "--format", "csv"))
    assert rows
    for row in rows:
        number = int(row["community"]) - 1
        assert float(row["stability"]) == analysis.stabilities[number]
    nodes = network_contents(analysis, analysis.network).nodes
    groups = analysis.measures["community"]
    assert [row["community_stability"] for row in nodes] == [
        analysis.stabilities[groups[place]] for place in analysis.network.nodes
    ]


def test_layout_keeps_neighbours_near() -> None:
    """Two cliques with one pair between them are drawn apart; the same links, the same places."""
    pairs = [*combinations(range(6), 2), *combinations(range(6, 12), 2), (0, 6)]
    links = Links(13, pairs, [1.0] * len(pairs))
    places = positions(links)
    assert places == positions(links)
    (ax, ay), (bx, by) = (
        (sum(x for x, _ in part) / 6, sum(y for _, y in part) / 6)
        for part in (places[:6], places[6:12])
    )
    apart = ((ax - bx) ** 2 + (ay - by) ** 2) ** 0.5
    widths = [
        max(((x - cx) ** 2 + (y - cy) ** 2) ** 0.5 for x, y in part)
        for part, cx, cy in ((places[:6], ax, ay), (places[6:12], bx, by))
    ]
    assert apart > max(widths)
    lowest = max(y for _, y in places[:12])
    assert places[12][1] > lowest, "an actor without a tie stands below the others"


def test_groups_have_one_colour_and_letter_each() -> None:
    """Two marks tell each group apart, and no kind is in two."""
    assert len({g.colour for g in GROUPS.values()}) == len(GROUPS)
    assert len({g.letter for g in GROUPS.values()}) == len(GROUPS)
    kinds = [kind for group in GROUPS.values() for kind in group.kinds]
    assert len(kinds) == len(set(kinds))


def test_years(founding: BuildResult, analysis: Analysis) -> None:
    """Growth and trend say what the library finds, and what is in no year."""
    result = run(founding, "network", "growth", "--format", "json")
    rows = json.loads(result.stdout)
    found, undated = growth(analysis.network)
    assert rows == [vars(year) for year in found]
    assert f"{undated} ties have no beginning" in result.stderr
    assert run(founding, "strategy", "trend", "--area", "A1", "--format", "csv").exit_code == 0
    wrong = run(founding, "strategy", "trend", "--area", "Z9")
    assert wrong.exit_code == 2
    assert "A1" in wrong.stderr


def test_onto(founding: BuildResult, analysis: Analysis) -> None:
    """Actors and facilities in the terminal are those of the library."""
    words = ["network", "onto", "facility", "--format", "csv", "--limit", "10000"]
    rows = rows_of(run(founding, *words))
    found = project_onto(analysis.snapshot, "facility", NetworkFilter())
    assert len(rows) == len(found)
    assert run(founding, "network", "onto", "planet").exit_code == 2


def test_changes(founding: BuildResult) -> None:
    """Nothing changed since the version itself; a version that is not there is told."""
    same = run(founding, "strategy", "changes", founding.version.id[:10])
    assert same.exit_code == 0
    assert "0 cells differ" in same.stderr
    assert run(founding, "strategy", "changes", "fffffff").exit_code == 2
