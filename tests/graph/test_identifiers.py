"""Identifiers: what is minted can be parsed, and nothing else can."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from klustergraf.errors import IdentifierError
from klustergraf.identifiers import mint_iri, parse_iri, slugify


@given(st.text())
def test_a_minted_iri_parses_to_what_it_was_minted_from(name: str) -> None:
    """Mint and parse are inverse; what gives no slug is refused, never guessed."""
    try:
        iri = mint_iri("actor", name)
    except IdentifierError:
        assert not any(c.isascii() and c.isalnum() for c in name)
        return
    identifier = parse_iri(iri)
    assert (identifier.kind, identifier.slug) == ("actor", slugify(name))
    assert identifier.iri == iri


@given(st.text())
def test_a_slug_is_its_own_slug(name: str) -> None:
    """Slugs do not change when made again, so names can be minted from slugs."""
    try:
        slug = slugify(name)
    except IdentifierError:
        return
    assert slugify(slug) == slug


def test_relations_join_the_slugs_of_what_they_relate() -> None:
    """A relation's slug has its members' slugs, parted by two hyphens."""
    iri = mint_iri("membership", "Flemingsberg Science", "Södertörns högskola")
    assert iri.endswith("/id/membership/flemingsberg-science--sodertorns-hogskola")


@pytest.mark.parametrize(
    "iri",
    [
        "https://example.org/id/actor/kth",
        "https://w3id.org/klustergraf/id/actor/",
        "https://w3id.org/klustergraf/id/actor/../place/uppsala",
        "https://w3id.org/klustergraf/id/Actor/kth",
        "https://w3id.org/klustergraf/id/actor/KTH",
        "https://w3id.org/klustergraf/id/actor/kth?x=1",
        "https://w3id.org/klustergraf/id/actor/kth\n",
        "",
    ],
)
def test_what_is_not_ours_is_refused(iri: str) -> None:
    """Nothing but the one form is an identifier of ours."""
    with pytest.raises(IdentifierError):
        parse_iri(iri)
