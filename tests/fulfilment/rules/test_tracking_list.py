import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.core.errors import Invalid
from app.fulfilment.rules.tracking_list import (
    MOST_BYTES,
    MOST_LINES,
    TrackingLine,
    decode,
    judge_lines,
    read_tracking_list,
)


@pytest.mark.parametrize(
    "text",
    [
        "Bestellnummer;Sendungsnummer;Versanddienst\nS-1;T1;Bote Größe\n",
        "carrier,order_number,tracking code\r\nBote Größe,s-1,T1\r\n",
        "Order\tCarrier\tTracking-Number\nS-1\tBote Größe\tT1",
        "\n\nS-1;T1;Bote Größe\n\n",
        '"S-1","T1","Bote Größe"',
    ],
)
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "cp1252", "utf-16"])
def test_a_list_is_read_as_spreadsheets_save_it(text: str, encoding: str) -> None:
    read = read_tracking_list(decode(text.encode(encoding)))

    assert [(line.number, line.tracking_code, line.carrier) for line in read.lines] == [
        ("S-1", "T1", "Bote Größe")
    ]
    assert read.faults == []


def test_each_fault_names_its_line_as_the_editor_counts_it() -> None:
    text = (
        "order number;tracking code;carrier\n"
        "S-1;T1;\n"
        "\n"
        ";T2;\n"
        f"S-3;{'T' * 65};\n"
        "S-1;T1;\n"
        "S-1;T9;\n"
        "S-4;T\x1b4;\n"
        "S-5\n"
    )

    read = read_tracking_list(text, carrier="Bote")

    assert read.lines == [TrackingLine(2, "S-1", "T1", "Bote"), TrackingLine(9, "S-5", "", "Bote")]
    assert [(fault.line_number, fault.number) for fault in read.faults] == [
        (4, ""),
        (5, "S-3"),
        (7, "S-1"),
        (8, "S-4"),
    ]


def test_what_the_shop_knows_of_the_orders_decides_which_lines_can_be_taken() -> None:
    read = read_tracking_list("S-1;T1\nS-2;T2\nS-3;T3\n;T4")

    judged, gone = judge_lines(read, fault_of={"S-2": "There is no such order."}, gone=frozenset({"S-3"}))

    assert [line.number for line in judged.lines] == ["S-1"]
    assert [(fault.line_number, fault.message) for fault in judged.faults] == [
        (2, "There is no such order."),
        (4, "There is no order number."),
    ]
    assert gone == ["S-3"]


@pytest.mark.parametrize(
    "text, code",
    [
        ("", "dispatch.list_empty"),
        (" \n;;\n", "dispatch.list_empty"),
        ("S-1;T1\n" * (MOST_LINES + 2), "dispatch.list_too_long"),
        ("S-1;" + "x" * 140_000, "dispatch.list_damaged"),
    ],
)
def test_a_list_that_is_none_or_too_long_is_refused(text: str, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        read_tracking_list(text)

    assert refusal.value.code == code


def test_a_list_of_names_without_a_line_is_empty() -> None:
    read = read_tracking_list("Bestellnummer;Sendungsnummer")

    assert (read.lines, read.faults) == ([], [])


@pytest.mark.parametrize(
    "content, code",
    [(b"x" * (MOST_BYTES + 1), "dispatch.list_too_large"), (b"PK\x03\x04\x00\x00", "dispatch.list_no_text")],
)
def test_a_file_that_is_too_large_or_no_text_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(Invalid) as refusal:
        decode(content)

    assert refusal.value.code == code


@settings(max_examples=80)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=200).map(str.encode)))
def test_no_file_brings_more_than_refusals_and_printable_lines(content: bytes) -> None:
    try:
        read = read_tracking_list(decode(content))
    except Invalid:
        return

    numbers = [line.number for line in read.lines]
    assert len(numbers) == len(set(numbers))
    assert all(
        text.isprintable() and len(text) <= 64
        for line in read.lines
        for text in (line.number, line.tracking_code, line.carrier)
    )
