"""The page where partners contribute: templates, preview, report, confirmation; no way around."""

import io
import logging
import re
from collections.abc import Iterator
from pathlib import Path

import openpyxl
import pytest
from starlette.testclient import TestClient

from contributing import HEAD, a_testbed, copy_home, put
from klustergraf.build import BuildResult
from klustergraf.contributions.desk import Desk
from klustergraf.contributions.spreadsheets.columns import KINDS
from klustergraf.contributions.tokens import TokenStore
from klustergraf_api.app import create_app
from klustergraf_api.pending import PendingContributions
from klustergraf_api.settings import Settings

TABLE = "id;name_sv;name_en;kind;operated_by\nvat;Våtlabbet;The Wet Lab;testbed;KTH\n"
Form = dict[str, str]


@pytest.fixture(scope="module")
def home(founding: BuildResult, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a home of its own with the graph of the founding documents."""
    return copy_home(founding.version.path.parents[1], tmp_path_factory.mktemp("page") / "home")


@pytest.fixture(scope="module")
def service(home: Path) -> Iterator[TestClient]:
    """Give a client of a service that takes contributions; it follows no redirect."""
    app = create_app(Settings(home=home, watch_seconds=3600))
    with TestClient(app, follow_redirects=False, headers={"Accept": "text/html"}) as made:
        yield made


def send(
    service: TestClient,
    form: Form,
    text: str | bytes = TABLE,
    name: str = "testbeds.csv",
    lang: str = "en",
) -> tuple[int, str]:
    """Upload a file; give the status and the page."""
    content = text.encode() if isinstance(text, str) else text
    files = {"file": (name, content, "application/octet-stream")} if name else {"x": ("", b"")}
    answer = service.post(f"/contribute/check?lang={lang}", data=form, files=files)
    assert answer.headers["cache-control"] == "no-store"
    assert "set-cookie" not in answer.headers
    return answer.status_code, answer.text


def confirm(service: TestClient, page: str) -> tuple[int, str]:
    """Confirm what a preview shows."""
    answer = service.post("/contribute/confirm?lang=en", data={"ticket": ticket(page)})
    assert "set-cookie" not in answer.headers
    return answer.status_code, answer.text


def ticket(page: str) -> str:
    """Find the ticket of a preview."""
    (found,) = re.findall(r'name="ticket" value="([\w-]+)"', page)
    assert len(found) >= 43, "256 bits"
    return str(found)


def a_form(home: Path, partner: str, **more: str) -> Form:
    """Fill in the form for a partner, with a new token."""
    return {"token": TokenStore(home).create(partner)[1], "kind": "testbeds", "mode": "put", **more}


def current(home: Path) -> str:
    """Give the version of a home."""
    return Desk(home).versions.current().id


def test_upload_preview_confirm(service: TestClient, home: Path) -> None:
    """What is looked at is stored when it is confirmed, and not before."""
    before = current(home)
    form = a_form(home, "aa")
    status, page = send(service, form)
    assert status == 200
    for told in ("One thing is added", "The Wet Lab", "id/facility/aa--vat", "/graphs/aa/testbeds"):
        assert told in page
    assert "4 statements come, 0 go" in page
    assert form["token"] not in page
    assert current(home) == before
    assert service.get("/graphs/aa/testbeds").status_code == 404
    status, done = confirm(service, page)
    assert status == 201
    assert current(home) in done
    assert current(home) != before
    assert service.get("/graphs/aa/testbeds", headers={"Accept": "text/turtle"}).status_code == 200
    changed = TABLE.replace("vat;Våtlabbet", "torr;Torrlabbet").replace("Wet", "Dry")
    status, page = send(service, form, changed)
    for told in ("One thing is added", "The Dry Lab", "One thing is removed", "The Wet Lab"):
        assert told in page
    status, page = send(service, form | {"mode": "post"}, changed)
    assert "One thing is removed" not in page
    status, page = send(service, form, TABLE.replace("Våtlabbet", "Nya labbet"))
    assert "One thing changes" in page
    status, page = send(service, form)
    assert "changes nothing" in page
    assert 'name="ticket"' not in page


def test_ticket_is_good_once(service: TestClient, home: Path) -> None:
    """A ticket confirms what it was made for, once; another text is none."""
    _, page = send(service, a_form(home, "bb"))
    before = current(home)
    for guess in ("", "x", ticket(page)[:-1], "å"):
        answer = service.post("/contribute/confirm", data={"ticket": guess})
        assert answer.status_code == 410
    assert current(home) == before
    assert confirm(service, page)[0] == 201
    after = current(home)
    status, again = confirm(service, page)
    assert (status, current(home)) == (410, after)
    assert "no longer kept" in again


def test_change_by_another_meanwhile_is_not_lost(service: TestClient, home: Path) -> None:
    """Who confirms what was made for an older state of the graph is told so."""
    form = a_form(home, "cc", kind="", name="")
    _, page = send(service, form, HEAD + a_testbed("cc", "x"), "lab.ttl")
    headers = {"Authorization": f"Bearer {form['token']}", "Content-Type": "text/turtle"}
    other = service.put("/graphs/cc", content=HEAD + a_testbed("cc", "other"), headers=headers)
    assert other.status_code == 201
    status, told = confirm(service, page)
    assert status == 412
    assert "somebody else" in told.lower()
    kept = service.get("/graphs/cc", headers={"Accept": "text/turtle"}).text
    assert "cc--other" in kept
    assert "cc--x" not in kept
    _, page = send(service, form, HEAD + a_testbed("cc", "x"), "lab.ttl")
    third = service.post("/graphs/cc", content=HEAD + a_testbed("cc", "third"), headers=headers)
    assert third.status_code == 200
    assert confirm(service, page)[0] == 412
    assert "cc--third" in service.get("/graphs/cc", headers={"Accept": "text/turtle"}).text


def test_token_is_asked_again(service: TestClient, home: Path) -> None:
    """A token that is revoked between preview and confirmation confirms nothing."""
    made, text = TokenStore(home).create("dd")
    _, page = send(service, {"token": text, "kind": "testbeds", "mode": "put"})
    TokenStore(home).revoke(made.id)
    before = current(home)
    status, told = confirm(service, page)
    assert (status, current(home)) == (401, before)
    assert "revoked" in told


@pytest.mark.parametrize("lang", ["sv", "en"])
def test_report_by_row_and_column(service: TestClient, home: Path, lang: str) -> None:
    """What is wrong stands in a table by cell, in the page's language; the cells are marked."""
    text = TABLE.replace("KTH", "KTHH").replace(";testbed;", ";tstbed;")
    status, page = send(service, a_form(home, "ee"), text, lang=lang)
    assert status == 422
    words = {
        "sv": ("rad 2, kolumn 4", "rad 2, kolumn 5", "Rätta 2 fel", "Närmast:"),
        "en": ("row 2, column 4", "row 2, column 5", "Correct 2 faults", "Nearest: testbed"),
    }[lang]
    for told in (*words, "D2 ", "E2 "):
        assert told in page, told
    assert page.count('class="wrong"') == 2
    assert service.get("/graphs/ee/testbeds").status_code == 404


def test_turtle_is_told_by_line(service: TestClient, home: Path) -> None:
    """RDF goes the same way; its places are lines."""
    form = a_form(home, "ff", kind="")
    wrong = HEAD + a_testbed("ff", "x").replace(', "Lab x"@en', "")
    status, page = send(service, form, wrong, "lab.ttl")
    assert status == 422
    assert f"Line {HEAD.count(chr(10)) + 2}" in page
    status, page = send(service, form, "<a> <b", "lab.ttl")
    assert status == 400
    assert "cannot be read" in page
    assert "line 1" in page


def test_what_the_form_lacks_is_told(service: TestClient, home: Path) -> None:
    """Each thing that is missing or wrong is told on the form, which keeps all but the token."""
    form = a_form(home, "gg", name="mine")
    cases: list[tuple[Form, str | bytes, str, int, str]] = [
        (form | {"token": ""}, TABLE, "t.csv", 400, "token is missing"),
        (form | {"token": "kgt_a_b"}, TABLE, "t.csv", 401, "not accepted"),
        (form, TABLE, "", 400, "No file was chosen"),
        (form, b"", "t.csv", 400, "No file was chosen"),
        (form, TABLE, "t.exe", 415, "does not tell what kind"),
        (form | {"kind": "people"}, TABLE, "t.csv", 400, "not filled in"),
        (form | {"mode": "delete"}, TABLE, "t.csv", 400, "not filled in"),
        (form | {"name": "../x"}, TABLE, "t.csv", 400, "name of the graph"),
        (form | {"name": "a/b"}, TABLE, "t.csv", 400, "name of the graph"),
    ]
    for asked, text, name, expected, words in cases:
        status, page = send(service, asked, text, name)
        assert status == expected, words
        alert = page.partition('role="alert"')[2].partition("</div>")[0]
        assert words in alert
        assert form["token"] not in page
        if asked["name"] == "mine":
            assert 'value="mine"' in page


def test_too_large_and_too_many(service: TestClient, home: Path) -> None:
    """A file beyond the bound, two files, a long field, another kind of body: refused."""
    form = a_form(home, "hh")
    large = service.post(
        "/contribute/check", data=form, files={"file": ("t.csv", b"x" * (5 << 20))}
    )
    assert large.status_code == 413
    two = service.post("/contribute/check", data=form, files=[("file", ("a.csv", b"x"))] * 2)
    assert two.status_code == 400
    long = service.post(
        "/contribute/check", data=form | {"name": "x" * 5000}, files={"file": ("t.csv", b"x")}
    )
    assert long.status_code == 400
    other = service.post("/contribute/check", json={"token": form["token"]})
    assert other.status_code == 415
    broken = service.post(
        "/contribute/check", content=b"x", headers={"Content-Type": "multipart/form-data"}
    )
    assert broken.status_code == 400


def test_merged_actors_wait_for_a_curator(service: TestClient, home: Path) -> None:
    """What would make two known actors one is said before, and waits after."""
    before = current(home)
    text = (
        HEAD + "<actor/ii> a kg:Company ; skos:prefLabel 'I'@sv , 'I'@en ; "
        "schema:sameAs <https://ror.org/026vcq606> ."
    )
    _, page = send(service, a_form(home, "ii", kind=""), text, "i.ttl")
    assert "waits for a curator" in page
    status, told = confirm(service, page)
    assert status == 202
    assert "waits for a curator" in told
    assert current(home) == before


def test_token_is_in_no_log_and_no_address(
    service: TestClient, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Neither the token nor the ticket is logged, or stands in an address of the pages."""
    form = a_form(home, "jj")
    with caplog.at_level(logging.DEBUG):
        _, page = send(service, form)
        _, wrong = send(service, form | {"token": form["token"] + "x"})
        shown = ticket(page)
        confirm(service, page)
    secret = form["token"].rpartition("_")[2]
    assert "a token was refused" in caplog.text
    for kept in (secret, shown):
        assert kept not in caplog.text
    assert secret not in page + wrong
    assert all(shown not in link for link in re.findall(r'(?:href|action)="([^"]*)"', page))
    for path in home.rglob("*"):
        if path.is_file():
            assert secret.encode() not in path.read_bytes(), path


def test_templates(service: TestClient) -> None:
    """Each template is there in both languages and forms, as a file, and is kept by its tag."""
    page = service.get("/contribute?lang=en").text
    links = re.findall(r'href="(/contribute/templates/[^"]+)"', page)
    assert len(set(links)) == len(KINDS) * 2 * 2
    for link in links:
        answer = service.get(link.replace("&amp;", "&"))
        assert answer.status_code == 200
        assert "attachment" in answer.headers["content-disposition"]
        language = link[-2:]
        assert answer.headers["content-language"] == language
        kind = KINDS[link.rpartition("/")[2].partition(".")[0]]
        header = [column.headers[language] for column in kind.columns]
        if ".csv" in link:
            assert answer.content.decode("utf-8-sig").strip().split(";") == header
        else:
            sheet = openpyxl.load_workbook(io.BytesIO(answer.content)).worksheets[0]
            assert [cell.value for cell in sheet[1]] == header
        again = service.get(link, headers={"If-None-Match": answer.headers["etag"]})
        assert again.status_code == 304
    for name in ("people.csv", "actors.exe", "actors"):
        assert service.get(f"/contribute/templates/{name}").status_code == 404


def test_last_page_reloaded_leads_back(service: TestClient) -> None:
    """The addresses that answer forms are no pages of their own."""
    for step in ("check", "confirm"):
        answer = service.get(f"/contribute/{step}?lang=sv")
        assert (answer.status_code, answer.headers["location"]) == (303, "/contribute?lang=sv")


def test_nothing_is_taken_where_files_are_served(client: TestClient) -> None:
    """A service without versions tells so, instead of showing the form."""
    page = client.get("/contribute?lang=en", headers={"Accept": "text/html"}).text
    assert "<form" not in page.partition("<main")[2]
    assert client.post("/contribute/check", data={"token": "x"}).status_code == 503


def test_what_waits_is_bounded() -> None:
    """What waits goes after its time, when a partner has many, and when all is large."""
    now = 0.0
    waiting = PendingContributions(seconds=10, clock=lambda: now)
    first = waiting.keep(put("aa", ""), "Bearer x")
    now = 9.9
    second = waiting.keep(put("aa", ""), "Bearer x")
    now = 10.0
    assert waiting.take(first) is None
    pending = waiting.take(second)
    assert pending is not None
    assert pending.partner == "aa"
    assert "Bearer" not in repr(pending)
    tickets = [waiting.keep(put("aa", str(n)), "") for n in range(7)]
    assert [waiting.take(one) is not None for one in tickets] == [False] * 2 + [True] * 5
    large = "#" * (10 << 20)
    tickets = [waiting.keep(put(f"p{n}", large), "") for n in range(4)]
    assert [waiting.take(one) is not None for one in tickets] == [False, True, True, True]
