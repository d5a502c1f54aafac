"""The data sets that can be imported: what each is, who publishes it, and how it is read."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final

from klustergraf.sources import (
    cordis,
    cordis_split,
    euroscivoc,
    facts,
    geodata,
    grid,
    publicbodies,
    ror,
    scilifelab,
)
from klustergraf.sources.reading import Inputs
from klustergraf.sources.records import Item
from klustergraf.sources.selection import Extent

_CC0: Final = "https://creativecommons.org/publicdomain/zero/1.0/"
_CC_BY: Final = "https://creativecommons.org/licenses/by/4.0/"
_PDDL: Final = "https://opendatacommons.org/licenses/pddl/1-0/"


@dataclass(frozen=True)
class Dataset:
    """A published data set.

    ``published`` is the page where it is published; ``issued`` the date of the state that the
    shipped graph was made from; ``parts`` where that state lies under one folder of data, and
    ``all_parts`` where more than the region needs lies, when every record is wanted.
    """

    name: str
    title_sv: str
    title_en: str
    published: str
    license: str
    issued: str
    parts: tuple[str, ...]
    read: Callable[[Inputs], Iterator[Item]]
    rights_sv: str = ""
    rights_en: str = ""
    all_parts: tuple[str, ...] = ()

    def parts_of(self, extent: Extent) -> tuple[str, ...]:
        """Tell where the data set lies under one folder of data."""
        return self.all_parts or self.parts if extent == Extent.ALL else self.parts


_ALL: Final = (
    Dataset(
        geodata.SOURCE,
        "Län och kommuner med förenklade gränser",
        "Counties and municipalities with simplified boundaries",
        "https://github.com/okfse/sweden-geojson",
        _CC0,
        "2026-02-11",
        ("swedish-geodata", "swedish-boundaries"),
        geodata.read,
        "Koder från SCB (CC0). Gränserna kommer från Valmyndigheten genom Open Knowledge Sweden, "
        "som inbjuder till återbruk men inte har någon licensfil; de är förenklade.",
        "Codes from Statistics Sweden (CC0). The boundaries come from the Swedish Election "
        "Authority through Open Knowledge Sweden, which invites reuse but has no licence file; "
        "they are simplified.",
    ),
    Dataset(
        ror.SOURCE,
        "Organisationer ur ROR",
        "Organisations from ROR",
        "https://ror.org",
        _CC0,
        "2026-06-23",
        ("ror/ror-v2-se.json", "ror/ror-v1-se-only.json"),
        ror.read,
        "Platserna i ROR kommer från GeoNames.",
        "The places in ROR come from GeoNames.",
        ("ror/ror-v2-all-seen.json", "ror/ror-v1-se-only.json"),
    ),
    Dataset(
        publicbodies.SOURCE,
        "Svenska offentliga organ",
        "Swedish public bodies",
        "https://publicbodies.org/",
        _PDDL,
        "2021-07-11",
        ("publicbodies-se",),
        publicbodies.read,
    ),
    Dataset(
        facts.SOURCE,
        "Uppgifter om ekosystemet ur öppna webbsidor",
        "Facts about the ecosystem from public web pages",
        "https://w3id.org/klustergraf/graph/open/ecosystem-facts",
        _CC0,
        "2026-11-22",
        ("ecosystem-facts",),
        facts.read,
        "Egen sammanställning; varje uppgift har adressen till sin sida.",
        "Our own compilation; every fact has the address of its page.",
    ),
    Dataset(
        scilifelab.SOURCE,
        "Tjänster, register och kohorter ur SciLifeLab Data Centres listor",
        "Services, registries and cohorts from the lists of SciLifeLab Data Centre",
        "https://data.scilifelab.se/",
        _CC_BY,
        "2026-08-21",
        ("scilifelab",),
        scilifelab.read,
    ),
    Dataset(
        cordis.SOURCE,
        "EU-projekt ur CORDIS",
        "EU projects from CORDIS",
        "https://data.europa.eu/data/datasets/cordish2020projects",
        _CC_BY,
        "2023-06-12",
        ("cordis-h2020-native",),
        cordis.read,
    ),
    Dataset(
        cordis_split.H2020,
        "EU-projekt i Horisont 2020, som CORDIS var 2016",
        "EU projects of Horizon 2020, as CORDIS was in 2016",
        "https://data.europa.eu/data/datasets/cordish2020projects",
        _CC_BY,
        "2016",
        ("cordis-h2020-2016",),
        cordis_split.read_h2020,
    ),
    Dataset(
        cordis_split.FP7,
        "EU-projekt i sjunde ramprogrammet, som CORDIS var 2016",
        "EU projects of the Seventh Framework Programme, as CORDIS was in 2016",
        "https://data.europa.eu/data/datasets/cordisfp7projects",
        _CC_BY,
        "2016",
        ("cordis-fp7-2016",),
        cordis_split.read_fp7,
    ),
    Dataset(
        grid.SOURCE,
        "Identifierare ur GRID",
        "Identifiers from GRID",
        "https://www.grid.ac/",
        _CC0,
        "2018-06-25",
        ("grid-2018-06-25",),
        grid.read,
    ),
    Dataset(
        euroscivoc.SOURCE,
        "Forskningsområden ur EuroSciVoc",
        "Fields of science from EuroSciVoc",
        "https://op.europa.eu/en/web/eu-vocabularies/euroscivoc",
        _CC_BY,
        "2025",
        ("vocab/euroscivoc",),
        euroscivoc.read,
    ),
)

DATASETS: Final[dict[str, Dataset]] = {dataset.name: dataset for dataset in _ALL}
"""By name, in the order in which their names and dates are preferred."""
