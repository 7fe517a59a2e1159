import hashlib
import re
from datetime import UTC, datetime

from app.core.pdf import Attachment, Column, Paper
from tests.papers import objects_of, pages_of, stream_of, text_of

MADE_AT = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
HOSTILE = "<b>x</b> {nb} **y** [a](b) \\(z\\) ) Tj ET %PDF \x00 \u202egnp.exe 😀 {{7*7}} ${7*7}"


def _paper(*, title: str = "Packliste", language: str = "de", made_at: datetime = MADE_AT) -> Paper:
    return Paper(
        title=title, language=language, made_at=made_at, head="Schlicht", footer=("Schlicht GmbH", "HRB 1")
    )


def test_a_paper_says_what_was_written_from_top_to_bottom() -> None:
    paper = _paper()
    paper.heading("Packliste")
    paper.beside(["Łódź Sp. z o.o.", "ul. Żwirki 1"], [("Bestellung", "SL-1")])
    paper.facts([("Kunde", "Łukasz")])
    paper.table(
        [Column("Artikel", 3), Column("Menge", align="right")], [("Seife", "12")], totals=[("Summe", "12")]
    )
    paper.points(["Zuerst", "Dann"])

    assert pages_of(paper.to_bytes()) == [
        [
            "Schlicht", "Packliste",
            "Packliste",
            "Łódź Sp. z o.o.", "Bestellung", "SL-1", "ul. Żwirki 1",
            "Kunde", "Łukasz",
            "Artikel", "Menge", "Seife", "12", "Summe", "12",
            "•", "Zuerst", "•", "Dann",
            "Schlicht GmbH", "Seite 1 von 1", "HRB 1",
        ]
    ]  # fmt: skip


def test_the_same_words_and_date_give_the_same_bytes_and_another_date_others() -> None:
    def made(moment: datetime) -> str:
        paper = _paper(made_at=moment)
        paper.paragraph("Guten Tag")
        return hashlib.sha256(paper.to_bytes()).hexdigest()

    assert made(MADE_AT) == made(MADE_AT)
    assert made(MADE_AT) != made(MADE_AT.replace(minute=31))


def test_hostile_text_prints_literally_and_never_fails() -> None:
    paper = _paper(title=HOSTILE)
    paper.heading(HOSTILE, level=2)
    paper.paragraph("x" * 10_000)
    paper.facts([(HOSTILE, HOSTILE)])
    paper.table([Column(HOSTILE), Column("B", is_box=True)], [(HOSTILE, ""), ("y" * 10_000, "z")])

    text = text_of(paper.to_bytes())

    assert "<b>x</b> {nb} **y** [a](b) \\(z\\) ) Tj ET %PDF � �gnp.exe � {{7*7}} ${7*7}" in text
    assert text.count("x") > 10_000
    assert text.count("y") > 10_000


def test_the_head_of_a_table_stands_on_each_page_and_a_row_stays_together() -> None:
    paper = _paper(language="en")
    paper.table([Column("Bundle", 3), Column("Count")], [(f"No {n}\nsecond line", str(n)) for n in range(90)])

    pages = pages_of(paper.to_bytes())

    assert len(pages) > 2
    assert all(page[2:4] == ["Bundle", "Count"] for page in pages)
    assert all(page[4].startswith("No ") for page in pages)
    assert [page[-2] for page in pages] == [f"Page {n} of {len(pages)}" for n in range(1, len(pages) + 1)]
    assert [piece for page in pages for piece in page if piece.startswith("No ")] == [
        f"No {n}" for n in range(90)
    ]


def test_each_section_begins_a_page_and_counts_its_own() -> None:
    paper = _paper()
    for name in ("SL-1", "SL-2"):
        paper.section(name)
        paper.paragraph("\n".join(["Zeile"] * 70))

    pages = pages_of(paper.to_bytes())

    assert [(page[1], page[-2]) for page in pages] == [
        ("SL-1", "Seite 1 von 2"), ("SL-1", "Seite 2 von 2"),
        ("SL-2", "Seite 1 von 2"), ("SL-2", "Seite 2 von 2"),
    ]  # fmt: skip


def test_a_box_to_tick_stands_in_each_row_and_none_in_the_totals() -> None:
    paper = _paper()
    columns = [Column("", 0.3, is_box=True), Column("Baustein")]
    paper.table(columns, [("", "Seife"), ("", "Tuch")], totals=[("", "2 Positionen")])

    contents = b"".join(
        stream_of(body)
        for body in objects_of(paper.to_bytes()).values()
        if b"stream" in body and b"/Length1" not in body
    )

    assert len(re.findall(rb" re\b", contents)) == 2


def test_a_paper_for_the_archive_carries_its_data_its_fonts_and_its_colours() -> None:
    paper = Paper(
        title="Rechnung RE-1",
        language="de",
        made_at=MADE_AT,
        for_archive=True,
        attachments=[Attachment("factur-x.xml", b"<invoice/>", "text/xml", "Daten der Rechnung")],
        more_metadata='<rdf:Description rdf:about="" xmlns:fx="urn:x"><fx:Version>1.0</fx:Version></rdf:Description>',
    )
    paper.heading("Rechnung")

    whole = paper.to_bytes()
    objects = objects_of(whole)
    (catalog,) = (body for body in objects.values() if b"/Type /Catalog" in body)
    (metadata,) = (stream_of(body) for body in objects.values() if b"/Type /Metadata" in body)
    (attached,) = (body for body in objects.values() if b"/Type /EmbeddedFile" in body)
    descriptors = [body for body in objects.values() if b"/Type /FontDescriptor" in body]

    assert b"<pdfaid:part>3</pdfaid:part><pdfaid:conformance>B</pdfaid:conformance>" in metadata
    assert metadata.count(b"<rdf:RDF") == 1
    assert b"<fx:Version>1.0</fx:Version>" in metadata
    assert stream_of(attached) == b"<invoice/>"
    assert re.search(rb"/AF \[\d+ 0 R\]", catalog)
    assert b"/OutputIntents" in catalog
    assert b"/AFRelationship /Alternative" in whole
    assert descriptors
    assert all(b"/FontFile2" in body for body in descriptors)
    assert re.search(rb"/ID ?\[", whole)
