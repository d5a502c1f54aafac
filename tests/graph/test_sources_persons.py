"""No person's data: who is listed under a person's name is left out of what is imported."""

import gzip
from pathlib import Path

import pytest

from klustergraf.identifiers import mint_iri
from klustergraf.sources.datasets import DATASETS
from klustergraf.sources.geodata import Gazetteer
from klustergraf.sources.importing import Job, run
from klustergraf.sources.persons import is_person_name
from klustergraf.sources.selection import Extent


@pytest.mark.parametrize(
    "name",
    [
        "KARIN EXEMPEL",
        "EXEMPEL KARIN",
        "Karin Anna Exempel",
        "EXEMPEL KARIN A.",
        "DR KARIN VON EXEMPEL",
        "Exempel, Karin",
        "MS EXEMPLA PROVSDOTTER",
        "VAN DER EXEMPEL KARIN",
        "J\u00d6RG EXEMPEL",
        "EXEMPELSSON KARIN SVENSK PROVTAGARE",
    ],
)
def test_a_name_of_a_person_is_known(name: str) -> None:
    """Given name first or last, with another, an initial, a title, a particle."""
    assert is_person_name(name)


@pytest.mark.parametrize(
    "name",
    [
        "Karolinska Institutet",
        "JOHN INNES CENTRE",
        "PAUL SCHERRER INSTITUT",
        "Carl Zeiss AG",
        "BBMRI-ERIC",
        "FONDATION MARIE CURIE",
        "SANTA ANNA IT RESEARCH INSTITUTE AB",
        "ALAN HARPER COMPOSITES",
        "AB VOLVO",
        "Region Stockholm",
        "Uppsala kommun",
        "KARIN & SONS",
        "AXEL EXEMPELSSON INTERNATIONAL AKTIEBOLAG",
        "DR EXEMPEL ENTWICKLUNGSGESELLSCHAFT",
        "AYUNTAMIENTO DE PALMA",
        "3M",
        "",
    ],
)
def test_a_name_of_an_organisation_is_left_alone(name: str) -> None:
    """Also where it is named after a person."""
    assert not is_person_name(name)


def test_the_import_leaves_out_persons_and_what_they_take_part_in(tmp_path: Path) -> None:
    """The record is skipped with its key, never its name, and no participation points to it."""
    (tmp_path / "fp7").mkdir()
    (tmp_path / "fp7" / "fp7org.csv").write_text(
        "new_org_id;organisationName;organisationShortName;organizationUrl;"
        "REGION_Level_NUTS_3;country;street;city;postCode;provincia\n"
        "901;EXEMPELBOLAGET AB;;;SE110;SE;G 1;PROVSTAD;;\n"
        "902;EXEMPEL KARIN;;;SE110;SE;G 2;PROVSTAD;;\n"
    )
    (tmp_path / "fp7" / "fp7edges.csv").write_text("projectRcn\tnew_org_id\n11\t901\n11\t902\n")
    job = Job(
        {"cordis-fp7": [tmp_path / "fp7"]},
        DATASETS,
        tmp_path / "out",
        gazetteer=Gazetteer.load([]),
        extent=Extent.ALL,
    )
    (outcome,) = run(
        job, lambda _actors, _relations: lambda source, key: mint_iri("actor", source, key)
    )
    assert [(s.where, "person" in s.reason) for s in outcome.skipped] == [
        ("organisation 902", True)
    ]
    (written,) = (tmp_path / "out").glob("*.nt.gz")
    text = gzip.decompress(written.read_bytes()).decode()
    assert "EXEMPELBOLAGET" in text
    assert "KARIN" not in text
    assert "902" not in text
