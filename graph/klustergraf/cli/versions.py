"""``klustergraf versions``, ``diff`` and ``dump``: what there is, what changed, files of it."""

import json
from pathlib import Path

import click

from klustergraf.difference import compare
from klustergraf.dumps import find_dump, list_dumps, make_dump
from klustergraf.errors import VersionNotFound
from klustergraf.version import VersionStore


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print the whole manifests as JSON.")
@click.pass_obj
def versions(home: Path, as_json: bool) -> None:
    """List the versions, the newest first; * marks the one that is served."""
    store = VersionStore(home)
    found = store.versions()
    if as_json:
        click.echo(json.dumps([json.loads(v.manifest.to_json()) for v in found], indent=2))
        return
    try:
        current = store.current().id
    except VersionNotFound:
        current = ""
    for version in found:
        manifest = version.manifest
        mark = "*" if version.id == current else " "
        count = sum(manifest.triples.values())
        click.echo(f"{mark} {version.id}  {manifest.created}  {count} statements")


@click.command()
@click.argument("before")
@click.argument("after", required=False)
@click.option("--lang", type=click.Choice(["sv", "en"]), default="en", show_default=True)
@click.option("--patch", is_flag=True, help="Print the statements as an RDF Patch.")
@click.pass_obj
def diff(home: Path, before: str, after: str | None, lang: str, patch: bool) -> None:
    """Tell what differs from version BEFORE to version AFTER (by default the current one)."""
    store = VersionStore(home)
    old = store.get(before)
    difference = compare(old, store.get(after) if after else store.current())
    for line in difference.patch() if patch else difference.words(lang):
        click.echo(line)


@click.command()
@click.argument("version", required=False)
@click.option("--name", "names", multiple=True, help="Make this file only; may be repeated.")
@click.pass_obj
def dump(home: Path, version: str | None, names: tuple[str, ...]) -> None:
    """Make the files of VERSION (by default the current one) that are offered for download.

    Prints SHA-256 and name of each, as `sha256sum` does.
    """
    store = VersionStore(home)
    found = store.get(version) if version else store.current()
    dumps = [find_dump(found, name) for name in names] if names else list_dumps(found)
    for one in dumps:
        click.echo(f"{make_dump(found, one).sha256}  {one.name}")
