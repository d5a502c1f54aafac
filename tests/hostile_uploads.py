"""Uploads that must be refused, made with a fixed seed: five hundred of them, no two alike.

Each begins as something that is let in, and is then made hostile. Addresses in them lead to a
canary: a port of this machine that notices whoever connects.
"""

import io
import json
import random
import socket
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Final

import openpyxl

from contributing import HEAD, a_testbed

TURTLE, TRIPLES = "text/turtle", "application/n-triples"
JSON_LD, RDF_XML, TRIG = "application/ld+json", "application/rdf+xml", "application/trig"
CSV: Final = "text/csv"
XLSX: Final = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
ID: Final = "https://w3id.org/klustergraf/id/"
KG: Final = "https://w3id.org/klustergraf/ontology#"
PARTNER: Final = "evil"
HEADER: Final = ["id", "name_sv", "name_en", "kind", "operated_by"]
ROW: Final = ["x", "X", "X", "testbed", "KTH"]


class Canary:
    """A port that nobody may connect to."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._listener.setblocking(False)
        self.address = f"http://127.0.0.1:{self._listener.getsockname()[1]}"

    def was_touched(self) -> bool:
        """Tell whether somebody connected since this was asked last."""
        touched = False
        while True:
            try:
                self._listener.accept()[0].close()
                touched = True
            except BlockingIOError:
                return touched

    def close(self) -> None:
        """Free the port."""
        self._listener.close()


@dataclass(frozen=True)
class Upload:
    """One request to write. ``suffix``: how a file of it would be called."""

    name: str
    content: bytes
    media_type: str

    @property
    def suffix(self) -> str:
        """How the name of such a file ends."""
        return {
            TURTLE: ".ttl", TRIPLES: ".nt", JSON_LD: ".jsonld", RDF_XML: ".rdf", TRIG: ".trig",
            CSV: ".csv", XLSX: ".xlsx",
        }.get(self.media_type, ".bin")  # fmt: skip


Made = tuple[str | bytes, str]
Maker = Callable[[random.Random, str], Made]


def good() -> list[Upload]:
    """Give what the hostile ones begin as: each of these is let in."""
    triples = (
        f"<{ID}facility/{PARTNER}--x> <http://www.w3.org/1999/02/22-rdf-syntax-ns#type> "
        f"<{KG}Testbed> .\n"
        f'<{ID}facility/{PARTNER}--x> <http://www.w3.org/2004/02/skos/core#prefLabel> "X"@sv .\n'
        f'<{ID}facility/{PARTNER}--x> <http://www.w3.org/2004/02/skos/core#prefLabel> "X"@en .\n'
    )
    texts: list[tuple[str | bytes, str]] = [
        (HEAD + thing(), TURTLE),
        (HEAD + f"GRAPH <../graph/{PARTNER}> {{ {thing()} }}", TRIG),
        (triples, TRIPLES),
        (json.dumps(json_ld()), JSON_LD),
        (rdf_xml(), RDF_XML),
        (csv_text(), CSV),
        (workbook(), XLSX),
    ]
    return [Upload("good", _bytes(text), media_type) for text, media_type in texts]


def hostile(count: int, canary: str, seed: int = 500) -> Iterator[Upload]:
    """Make so many hostile uploads, every maker in turn."""
    chance = random.Random(seed)
    seen = set[bytes]()
    for number in range(count):
        maker = MAKERS[number % len(MAKERS)]
        content, media_type = b"", ""
        while not content or content in seen:
            made, media_type = maker(chance, canary)
            content = _bytes(_named(made, number) if isinstance(made, str) else made)
        seen.add(content)
        yield Upload(f"{number}-{maker.__name__}", content, media_type)


def _named(text: str, number: int) -> str:
    """Give the thing that is described a name of its own."""
    for name in ('"Labb x"', '"X"', ">X<", ",X,"):
        text = text.replace(name, name.replace("x", "X").replace("X", f"X{number}"), 1)
    return text


def _bytes(text: str | bytes) -> bytes:
    return text.encode() if isinstance(text, str) else text


def thing(name: str = "x") -> str:
    """Describe a thing of the partner's own in Turtle."""
    return a_testbed(PARTNER, name)


def json_ld(**more: Any) -> dict[str, Any]:
    """Describe a thing of the partner's own in JSON-LD."""
    label = "http://www.w3.org/2004/02/skos/core#prefLabel"
    return {
        "@id": f"{ID}facility/{PARTNER}--x",
        "@type": f"{KG}Testbed",
        label: [{"@value": "X", "@language": language} for language in ("sv", "en")],
        **more,
    }


def rdf_xml(declared: str = "", inside: str = "", text: str = "X", base: str = "") -> str:
    """Describe a thing of the partner's own in RDF/XML."""
    return (
        f'<?xml version="1.0"?>{declared}'
        '<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#" '
        f'xmlns:kg="{KG}" xmlns:skos="http://www.w3.org/2004/02/skos/core#"{base}>'
        f'<kg:Testbed rdf:about="{ID}facility/{PARTNER}--x">'
        f'<skos:prefLabel xml:lang="sv">{text}</skos:prefLabel>'
        f'<skos:prefLabel xml:lang="en">X</skos:prefLabel>{inside}</kg:Testbed></rdf:RDF>'
    )


def csv_text(*rows: list[str], header: list[str] = HEADER) -> str:
    """Write a table with one row that is let in, and others."""
    return "".join(",".join(row) + "\n" for row in [header, ROW, *rows])


def workbook(*rows: list[str]) -> bytes:
    """Write a workbook with one row that is let in, and others."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    for row in [HEADER, ROW, *rows]:
        sheet.append(row)
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def repacked(change: Callable[[str, bytes], bytes], **added: bytes) -> bytes:
    """Write the good workbook again, each part changed, and others added."""
    out = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(workbook())) as old, zipfile.ZipFile(out, "w", 8) as new:
        for name in old.namelist():
            new.writestr(name, change(name, old.read(name)))
        for name, content in added.items():
            new.writestr(name, content)
    return out.getvalue()


# ── RDF as text ────────────────────────────────────────────────────────────────────────────────


def cut_off(chance: random.Random, _: str) -> Made:
    """Stop in the middle of a string or of an IRI."""
    text = HEAD + thing() + thing("y")
    ends = [n for n, letter in enumerate(text) if letter in '"<' and n > len(HEAD)]
    opening = [n for n in ends if text[n] == "<" or text[:n].count('"') % 2 == 0]
    return text[: chance.choice(opening) + 2], chance.choice((TURTLE, TRIG))


def thing_of_another(chance: random.Random, _: str) -> Made:
    """Say something of a thing that is another partner's, or founding."""
    subject = chance.choice(
        ("actor/kth", "facility/kth--lab", "actor/region-stockholm", "place/uppsala", "priority/a1",
         f"facility/{PARTNER}-x", f"facility/{PARTNER}", f"actor/{PARTNER}x--y")
    )  # fmt: skip
    said = chance.choice(
        ("a kg:Company", "owl:sameAs <actor/slu>", "skos:prefLabel 'Ny'@sv", "rdfs:label 'Ny'")
    )
    body = f"{thing()}<{subject}> {said} ."
    if chance.random() < 0.5:
        return HEAD + body, TURTLE
    return HEAD + f"GRAPH <../graph/{PARTNER}> {{ {body} }}", TRIG


def graph_of_another(chance: random.Random, _: str) -> Made:
    """Write into, or of, a graph that is not the partner's."""
    graph = chance.choice(("kth", "founding/curation", f"{PARTNER}/x", "catalogue", "ontology"))
    if chance.random() < 0.5:
        return HEAD + f"{thing()} GRAPH <../graph/{graph}> {{ {thing('y')} }}", TRIG
    return HEAD + f"{thing()}<../graph/{graph}> dct:title 'Min'@sv .", TURTLE


def vocabulary(chance: random.Random, canary: str) -> Made:
    """Change what classes and properties mean, or have an ontology imported."""
    said = chance.choice(
        (f"<../graph/{PARTNER}> owl:imports <{canary}/o>", "kg:Actor rdfs:subClassOf kg:Testbed",
         f"<facility/{PARTNER}--x> a owl:Ontology ; owl:imports <{canary}/o>",
         "kg:worksWith a owl:TransitiveProperty", f"<facility/{PARTNER}--y> a rdfs:Class",
         f"<facility/{PARTNER}--x> <http://www.w3.org/ns/shacl#rule> <{canary}>")
    )  # fmt: skip
    return HEAD + f"{thing()}{said} .", TURTLE


def huge_text(chance: random.Random, _: str) -> Made:
    """Have a literal or an IRI that is far too long."""
    length = chance.randint(10_001, 300_000)
    if chance.random() < 0.5:
        return f"{HEAD}{thing()}<facility/{PARTNER}--x> skos:note '{'x' * length}'@sv .", TURTLE
    return f"{HEAD}{thing()}<facility/{PARTNER}--x> foaf:homepage <urn:{'x' * length}> .", TURTLE


def deep_turtle(chance: random.Random, _: str) -> Made:
    """Nest blank nodes or lists without end."""
    depth = chance.randint(10, 200_000)
    opening, closing = chance.choice((("[ kg:p ", " ]"), ("( ", " )")))
    inner = opening * depth + "1" + closing * chance.choice((depth, depth - 1, 0))
    return f"{HEAD}<facility/{PARTNER}--x> skos:note {inner} .", TURTLE


def unnamed(chance: random.Random, _: str) -> Made:
    """Use blank nodes, quoted triples or a base direction."""
    own = f"<facility/{PARTNER}--x>"
    said = chance.choice(
        (f"{own} kg:locatedIn _:b{chance.randrange(99)}", f"[] kg:isOperatedBy {own}",
         f"{own} skos:note << {own} a kg:Testbed >>", f"{own} skos:note 'x'@en--rtl",
         f"{own} skos:note ( 1 2 {chance.randrange(99)} )")
    )  # fmt: skip
    return HEAD + thing() + said + " .", TURTLE


def persons(chance: random.Random, _: str) -> Made:
    """Bring in what is about a person."""
    own = f"<facility/{PARTNER}--x>"
    said = chance.choice(
        (f"{own} foaf:mbox <mailto:a{chance.randrange(99)}@example.org>",
         f"{own} skos:note 'anna.a{chance.randrange(99)}@example.org'@sv",
         f"{own} skos:note 'ring 08-123 45 {chance.randint(10, 99)}'@sv",
         f"<actor/{PARTNER}--p> a foaf:Person ; skos:prefLabel 'A'@sv , 'A'@en",
         f"{own} skos:note '19811228-98{chance.randint(10, 99)}'@sv")
    )  # fmt: skip
    return HEAD + thing() + said + " .", TURTLE


def too_much(chance: random.Random, _: str) -> Made:
    """Have more statements than one contribution may."""
    count = 50_001 + chance.randrange(1000)
    body = "".join(f"<urn:a> <urn:b> {n} .\n" for n in range(count))
    return body, TURTLE


def noise(chance: random.Random, _: str) -> Made:
    """Send bytes that are no text."""
    content = b"\xff\x00" + chance.randbytes(chance.randint(1, 5000))
    return content, chance.choice((TURTLE, TRIPLES, JSON_LD, RDF_XML, TRIG, CSV, XLSX))


def broken_triples(chance: random.Random, _: str) -> Made:
    """Break one line of N-Triples."""
    lines = good()[2].content.decode().splitlines()
    wrong = chance.choice(("<a b> <c> <d> .", "<urn:a> <urn:b> .", '<urn:a> <urn:b> "x" "y" .',
                           "<urn:a> 'b' <urn:c> .", "<urn:a> <urn:b> <urn:c>"))  # fmt: skip
    lines.insert(chance.randint(0, 2), wrong)
    return "\n".join(lines), TRIPLES


# ── JSON-LD and RDF/XML ────────────────────────────────────────────────────────────────────────


def remote_context(chance: random.Random, canary: str) -> Made:
    """Have a context that would have to be fetched."""
    address = f"{canary}/c{chance.randrange(999)}.jsonld"
    context = chance.choice(
        (address, [address], [{"a": "urn:a"}, address], {"@import": address},
         {"a": {"@id": "urn:a", "@context": address}})
    )  # fmt: skip
    if isinstance(context, dict) and "a" in context:
        return json.dumps(json_ld(**{"@context": context, "a": {"urn:b": 1}})), JSON_LD
    if chance.random() < 0.3:
        inner = {"@id": f"{ID}facility/{PARTNER}--y", "@context": context}
        return json.dumps(json_ld(**{"urn:p": inner})), JSON_LD
    return json.dumps(json_ld(**{"@context": context})), JSON_LD


def deep_json(chance: random.Random, _: str) -> Made:
    """Nest objects or arrays without end."""
    depth = chance.randint(2_000, 200_000)
    opening, closing = chance.choice((('{"@graph":[', "]}"), ('{"urn:p":', "}"), ("[", "]")))
    ends = chance.choice((closing * depth, ""))
    return opening * depth + '{"@id":"urn:a","urn:b":1}' + ends, JSON_LD


def wrong_json(chance: random.Random, canary: str) -> Made:
    """Break JSON-LD, or speak of another's thing in it."""
    whole = json.dumps(json_ld())
    return chance.choice(
        (whole[: chance.randint(1, len(whole) - 1)],
         json.dumps(json_ld(**{"@id": f"{ID}actor/kth"})),
         json.dumps({"@context": {"@base": f"{ID}actor/"}, "@id": "kth", "urn:p": 1}),
         json.dumps(json_ld(**{"@reverse": {f"{KG}worksWith": {"@id": f"{ID}actor/kth"}}})),
         json.dumps(json_ld(**{"@included": [{"@id": canary, "urn:p": chance.randrange(99)}]})),
         json.dumps(json_ld(**{"urn:p": "x" * chance.randint(10_001, 99_999)})))
    ), JSON_LD  # fmt: skip


def entities(chance: random.Random, canary: str) -> Made:
    """Declare entities that grow, or lead to a file or an address."""
    grown = "".join(
        f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, chance.randint(5, 12))
    )
    declared, used = chance.choice(
        ((f'<!DOCTYPE a [<!ENTITY l0 "lol">{grown}]>', "&l4;"),
         ('<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]>', "&x;"),
         (f'<!DOCTYPE a [<!ENTITY x SYSTEM "{canary}/x{chance.randrange(99)}">]>', "&x;"),
         (f'<!DOCTYPE a SYSTEM "{canary}/a{chance.randrange(99)}.dtd">', "x"),
         (f'<!DOCTYPE a [<!ENTITY % p SYSTEM "{canary}/p"> %p;]>', "x"),
         (f'<!DOCTYPE a [<!ENTITY x "{"x" * chance.randint(9_000, 99_000)}">]>', "&x;" * 99))
    )  # fmt: skip
    return rdf_xml(declared, text=used), RDF_XML


def odd_xml(chance: random.Random, canary: str) -> Made:
    """Say it in another encoding, unnamed, too deep, or of another's thing."""
    depth = chance.randint(500, 20_000)
    nested = "<kg:p><rdf:Description>" * depth + "</rdf:Description></kg:p>" * depth
    return chance.choice(
        (rdf_xml().replace('"1.0"', '"1.0" encoding="UTF-16"'),
         rdf_xml().replace('"1.0"', '"1.0" encoding="cp037"'),
         rdf_xml().encode("utf-16"),
         rdf_xml(inside='<kg:p rdf:parseType="Resource"><kg:q>1</kg:q></kg:p>'),
         rdf_xml(inside=f'<kg:p rdf:nodeID="n{chance.randrange(99)}"/>'),
         rdf_xml(inside=nested),
         rdf_xml()[: -chance.randint(2, 60)],
         rdf_xml().replace(f"facility/{PARTNER}--x", "actor/kth"),
         rdf_xml(base=f' xml:base="{canary}/"', inside="").replace(
             f'rdf:about="{ID}facility/{PARTNER}--x"', 'rdf:about="x"'))
    ), RDF_XML  # fmt: skip


# ── tables ─────────────────────────────────────────────────────────────────────────────────────


def formulas(chance: random.Random, canary: str) -> Made:
    """Have a cell that a spreadsheet would run."""
    cell = chance.choice(
        (f'=HYPERLINK("{canary}/{chance.randrange(99)}")', f'=WEBSERVICE("{canary}")',
         "+cmd|' /C calc'!A0", "@SUM(1)", "-2+3", "=1+1", "\t=1", f"=IMPORTXML('{canary}')")
    )  # fmt: skip
    column = chance.randrange(1, 5)
    row = [*ROW[:column], cell, *ROW[column + 1 :]]
    row[0] = "y"
    if chance.random() < 0.5 and cell.startswith("="):
        return workbook(row), XLSX
    quoted = ['"' + text.replace('"', '""') + '"' for text in row]
    return csv_text(quoted), CSV


def odd_tables(chance: random.Random, canary: str) -> Made:
    """Have columns, cells, rows or ids that cannot be."""
    number = chance.randrange(999)
    return chance.choice(
        (csv_text(header=[*HEADER[:3], "script", f"x{number}"]),
         csv_text(["y", "Y", "Y", "testbed", f"{canary}/{number}"]),
         csv_text(["y", "x" * chance.randint(5_001, 90_000), "Y", "testbed", "KTH"]),
         csv_text(["kth--y", "Y", "Y", "testbed", "KTH"]),
         csv_text([f"{ID}facility/kth--{number}", "Y", "Y", "testbed", "KTH"]),
         csv_text(["../../actor/kth", "Y", "Y", "testbed", "KTH"]),
         csv_text(["y", f"a\x00{number}", "Y", "testbed", "KTH"]),
         csv_text(["y", "Y", "Y", "Actor", "KTH"]),
         csv_text(["y", f"a{number}@example.org", "Y", "testbed", "KTH"]),
         csv_text(['y","', "Y", "Y", "testbed", "KTH"]),
         csv_text() + '"' + "x,\n" * chance.randint(10, 90_000),
         csv_text(*([f"y{n}", "Y", "Y", "testbed", "KTH"] for n in range(5000 + number))),
         ",".join(HEADER) + ",x" * chance.randint(60, 20_000) + "\n")
    ), CSV  # fmt: skip


def odd_letters(chance: random.Random, _: str) -> Made:
    """Write a table in another encoding."""
    text = csv_text([f"y{chance.randrange(999)}", "Södertälje", "Y", "testbed", "KTH"])
    return text.encode(chance.choice(("latin-1", "cp1252", "utf-16", "utf-16-be", "utf-32"))), CSV


def bombs(chance: random.Random, _: str) -> Made:
    """Unpack to more than may be: one part, several, or one inside the sheet."""
    size = chance.randint(33, 64) << 20
    kind = chance.randrange(3)
    if kind == 0:
        return repacked(lambda _, part: part, **{"xl/media/a.png": b"\0" * size}), XLSX
    if kind == 1:
        parts = {f"xl/media/{n}.png": b"\0" * (size // 8) for n in range(8)}
        return repacked(lambda _, part: part, **parts), XLSX
    filler = b"<!--" + b" " * size + b"--></worksheet>"
    return repacked(lambda _, part: part.replace(b"</worksheet>", filler)), XLSX


def odd_parts(chance: random.Random, canary: str) -> Made:
    """Have macros, links, a wrong part, or far too many of them."""
    link = f'<x Target="{canary}/{chance.randrange(99)}" TargetMode="External"/>'.encode()
    kind = chance.randrange(7)
    if kind == 0:
        return repacked(lambda _, part: part, **{"xl/vbaProject.bin": chance.randbytes(99)}), XLSX
    if kind == 1:
        return repacked(lambda _, part: part, **{"xl/externalLinks/externalLink1.xml": link}), XLSX
    if kind == 2:
        return repacked(lambda _, part: part, **{"xl/connections.xml": link}), XLSX
    if kind == 3:
        many = {f"xl/x{n}.bin": b"" for n in range(chance.randint(200, 2000))}
        return repacked(lambda _, part: part, **many), XLSX
    if kind == 4:
        return repacked(lambda name, part: link if "sheet1" in name else part), XLSX
    if kind == 5:
        return repacked(lambda name, part: b"" if name.startswith("[Content") else part), XLSX
    return repacked(
        lambda _, part: part.replace(b'<row r="2"', b'<row r="%d"' % chance.randint(2**21, 2**31))
    ), XLSX


def workbook_entities(chance: random.Random, canary: str) -> Made:
    """Declare entities in a part of a workbook."""
    declared = chance.choice(
        ('<!DOCTYPE a [<!ENTITY x "y">]>', f'<!DOCTYPE a SYSTEM "{canary}/a.dtd">',
         f'<!DOCTYPE a [<!ENTITY x SYSTEM "{canary}/{chance.randrange(99)}">]>')
    ).encode()  # fmt: skip
    where = chance.choice(("sheet1.xml", "theme1.xml", "workbook.xml", "styles.xml"))

    def change(name: str, part: bytes) -> bytes:
        if not name.endswith(where):
            return part
        start = part.index(b"?>") + 2 if part.startswith(b"<?xml") else 0
        return part[:start] + declared + part[start:]

    return repacked(change), XLSX


def damaged(chance: random.Random, _: str) -> Made:
    """Damage a workbook: cut it, or change a byte of what its sheet is packed into."""
    content = bytearray(workbook())
    if chance.random() < 0.5:
        return bytes(content[: chance.randint(10, len(content) - 30)]), XLSX
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        part = archive.getinfo("xl/worksheets/sheet1.xml")
    begin = part.header_offset + 30 + len(part.filename)
    place = begin + chance.randrange(part.compress_size)
    content[place] ^= 1 << chance.randrange(8)
    return bytes(content), XLSX


def wrong_kind(chance: random.Random, _: str) -> Made:
    """Say another media type than it is, or one that is not read."""
    one = chance.choice(good())
    others = [TURTLE, TRIPLES, JSON_LD, RDF_XML, CSV, XLSX]
    if one.media_type in (TURTLE, TRIPLES):
        others = [JSON_LD, RDF_XML, CSV, XLSX]  # N-Triples is Turtle
    unread = ["text/html", "application/zip", "application/octet-stream", "", "image/svg+xml"]
    kinds = [kind for kind in others if kind != one.media_type]
    return one.content, chance.choice([*kinds, *unread])


MAKERS: Final[list[Maker]] = [
    *(cut_off, thing_of_another, graph_of_another, vocabulary, huge_text, deep_turtle, unnamed),
    *(persons, too_much, noise, broken_triples, remote_context, deep_json, wrong_json, entities),
    *(odd_xml, formulas, odd_tables, odd_letters, bombs, odd_parts, workbook_entities, damaged),
    *(wrong_kind, remote_context, odd_tables, thing_of_another),
]
