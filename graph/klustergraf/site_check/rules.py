"""``klustergraf self-check``: which rules are applied to what lives at an address."""

from collections.abc import Iterator

from klustergraf.errors import SourceUnavailable
from klustergraf.site_check.catalogue import ACCEPT, CatalogueRules, is_rdf
from klustergraf.site_check.fetching import Fetched, Fetcher
from klustergraf.site_check.findings import Finding, judge
from klustergraf.site_check.site import SiteRules


class SiteCheck:
    """Judges a site by its root, or a catalogue of others by the address of its document."""

    def __init__(self, url: str, fetcher: Fetcher | None = None) -> None:
        self._url = url
        self._root = url if url.endswith("/") else url + "/"
        self._fetcher = fetcher or Fetcher()

    def run(self) -> Iterator[Finding]:
        """Apply the rules, one after the other."""
        found, is_itself, missing = self._find_catalogue()
        rules = CatalogueRules(found, self._fetcher, missing).rules()
        if not is_itself:
            rules |= SiteRules(self._root, self._fetcher).rules()
        for name, rule in rules.items():
            yield judge(name, rule)

    def _find_catalogue(self) -> tuple[Fetched | None, bool, str]:
        """Fetch the catalogue, and tell whether the address is that of it; else why there is none.

        Of a site it is at ``datasets/dcat``, where the Swedish data portal looks for it.
        """
        told = []
        for url, is_itself in ((self._url, True), (self._root + "datasets/dcat", False)):
            try:
                found = self._fetcher.get(url, ACCEPT)
            except SourceUnavailable as exc:
                told.append(str(exc))
                continue
            if is_rdf(found):
                # A site's root may send those who want RDF to its catalogue.
                return found, is_itself and not found.statuses, ""
            told.append(f"{url} answers {found.status}, {found.media_type or 'no media type'}")
        return None, False, "no RDF: " + "; ".join(told)
