"""Values as sources write them: what is right is read, what is wrong is said."""

from decimal import Decimal

import pytest

from klustergraf.sources import values


@pytest.mark.parametrize(
    ("broken", "whole"),
    [
        ("Ã–REBRO", "ÖREBRO"),
        ("GÃ–TEBORG", "GÖTEBORG"),
        ("ASOCIACIÃƒâ€œN", "ASOCIACIÓN"),
        ("MalmÃ¶ hÃ¶gskola", "Malmö högskola"),
        ("Ångström", "Ångström"),
        ("FUNDAÇÃO", "FUNDAÇÃO"),
    ],
)
def test_a_wrong_encoding_is_undone_where_it_is_certain(broken: str, whole: str) -> None:
    """Letters that can only be UTF-8 read as Windows-1252 come back; right ones stay."""
    assert values.repaired(broken) == (whole, "")


@pytest.mark.parametrize("lost", ["GR\ufffdFICA", "?ESK\u00c3\ufffd REPUBLIKA", "BR\ufffdCKNER"])
def test_what_was_lost_in_a_wrong_encoding_is_marked(lost: str) -> None:
    """A letter that is gone cannot be guessed, so the name is marked."""
    assert "lost" in values.repaired(lost)[1]


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("2015", "2015"),
        ("2015-06", "2015-06"),
        ("2016-02-29", "2016-02-29"),
        ("2014-09-01 00:00:00", "2014-09-01"),
        ("", ""),
    ],
)
def test_dates_are_read(text: str, read: str) -> None:
    """A year, a month or a day, with or without a time after it."""
    assert values.date(text) == (read, "")


@pytest.mark.parametrize("text", ["2015-02-29", "2015-13-01", "0000-01-01", "31/12/2015", "soon"])
def test_impossible_dates_are_left_out(text: str) -> None:
    """What is no day of the calendar is said, and no date comes of it."""
    read, fault = values.date(text)
    assert read == ""
    assert text in fault


def test_amounts_are_read_with_point_and_comma() -> None:
    """CORDIS writes both."""
    assert values.money("412463.94") == (Decimal("412463.94"), "")
    assert values.money("695874,74") == (Decimal("695874.74"), "")
    assert values.money("") == (None, "")


@pytest.mark.parametrize("text", ["-1", "1.2.3", "NaN", "many"])
def test_what_is_no_amount_is_left_out(text: str) -> None:
    """Negative money and words are said."""
    amount, fault = values.money(text)
    assert amount is None
    assert text in fault


def test_a_sole_trader_keeps_their_number_to_themselves() -> None:
    """The organisation number of a sole trader is a personal identity number."""
    assert values.swedish_vat("SE850109000001") == ("", "")
    assert values.swedish_vat("SE202100306201") == ("SE202100306201", "202100-3062")
    assert values.swedish_vat("GB265138989") == ("", "")


def test_codes_and_addresses_are_normalised() -> None:
    """Countries as ISO has them, ids as their registers write them, addresses with a scheme."""
    assert [values.country(c) for c in ("EL", "UK", "se", "")] == ["GR", "GB", "SE", ""]
    assert values.isni("0000 0004 1937 062x") == "000000041937062X"
    assert values.ror("https://ror.org/056d84691") == values.ror("056d84691") == "056d84691"
    assert values.ror("https://example.org/056d84691") == ""
    assert values.postal_code("SE-171 77") == "17177"
    assert values.postal_code("W1U 3AE") == ""
    assert values.homepage("www.example.org") == "http://www.example.org"
    assert values.homepage("write to me@example.org") == ""
