"""``klustergraf self-check``: read a site as a harvester would, and judge it."""

import json

import click
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from klustergraf.site_check.fetching import Fetcher, FetchLimits
from klustergraf.site_check.rules import SiteCheck


@click.command("self-check")
@click.argument("url")
@click.option("--json", "as_json", is_flag=True, help="Print the findings as JSON.")
@click.option(
    "--timeout",
    type=click.FloatRange(min=0.1),
    default=20.0,
    show_default=True,
    help="Seconds that one fetch may take, redirects included.",
)
@click.option(
    "--max-mb", type=click.IntRange(min=1), default=64, show_default=True, help="Largest answer."
)
def self_check(url: str, as_json: bool, timeout: float, max_mb: int) -> None:
    """Judge the site at URL, or a DCAT catalogue of others, as harvesters see it.

    Each rule passes, fails and says why, warns of what is only recommended, or is skipped when
    there is nothing that it could look at. To compare checksums files are read whole, up to five,
    and 2 GiB each. Exit status: 1 when a rule fails.
    """
    if not url.startswith(("http://", "https://")):
        raise click.BadParameter("It begins with http:// or https://.", param_hint="URL")
    limits = FetchLimits(timeout, max_mb * 1024 * 1024)
    findings = list(SiteCheck(url, Fetcher(limits)).run())
    if as_json:
        click.echo(json.dumps([vars(finding) for finding in findings], ensure_ascii=False))
    else:
        table = Table("Rule", "Outcome")
        table.add_column("Detail", overflow="fold")
        for finding in findings:
            table.add_row(finding.rule, finding.outcome, escape(finding.detail))
        Console().print(table)
    if any(finding.outcome == "fail" for finding in findings):
        raise click.exceptions.Exit(1)
