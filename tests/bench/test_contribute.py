"""What the benchmark of contributions sends is the same in both forms, and new each time."""

import pyoxigraph as ox

import contribute
from klustergraf.contributions.addresses import GraphAddress
from klustergraf.contributions.gatekeeper import read_any


def test_both_forms_say_the_same(founding_store: ox.Store) -> None:
    """Fifty things, seven statements each; but for their names, the table says what Turtle says."""
    said = {}
    for form, media_type in contribute._FORMS.items():
        body, last = contribute.testbeds(form, 3)
        reading = read_any(founding_store, body, media_type, GraphAddress("bench"))
        assert reading.problems == ()
        assert any(triple.subject == ox.NamedNode(last) for triple in reading.triples)
        assert len(reading.triples) == 50 * 7
        word = form.split()[0].lower()
        said[form] = {str(triple).replace(f"{word}-3-", "") for triple in reading.triples}
    one, other = said.values()
    assert one == other
    again, _ = contribute.testbeds("Turtle", 4)
    assert again != contribute.testbeds("Turtle", 3)[0]
