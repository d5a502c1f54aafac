"""The command line: ``klustergraf COMMAND``.

Exit status: 0 when it went well, 1 when something does not hold (a shape, a passage), 2 when the
command cannot be carried out as asked. What a user can cause ends in a message, never a traceback.
"""

from importlib.metadata import EntryPoint, entry_points
from pathlib import Path

import click

from klustergraf import __version__
from klustergraf.cli.build import build
from klustergraf.cli.contributing import backup, contribute, history, restore, roll_back, token
from klustergraf.cli.identity import identity
from klustergraf.cli.importing import import_
from klustergraf.cli.network import network, strategy, suggest
from klustergraf.cli.publish import publish
from klustergraf.cli.query import queries, query
from klustergraf.cli.self_check import self_check
from klustergraf.cli.validate import validate
from klustergraf.cli.verify import verify_sources
from klustergraf.cli.versions import diff, dump, versions
from klustergraf.errors import GraphError, ShapeViolations
from klustergraf.version import default_home


class _Group(click.Group):
    """A group that turns our errors into messages, and takes commands of other packages in."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except ShapeViolations as exc:
            click.echo(exc.report_text, err=True)
            raise click.exceptions.Exit(1) from exc
        except GraphError as exc:
            raise _Refusal(str(exc)) from exc

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted([*super().list_commands(ctx), *(e.name for e in _added())])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        command = super().get_command(ctx, cmd_name)
        if command is not None:
            return command
        for entry in _added():
            if entry.name == cmd_name:
                loaded = entry.load()
                return loaded if isinstance(loaded, click.Command) else None
        return None


class _Refusal(click.ClickException):
    exit_code = 2


def _added() -> list[EntryPoint]:
    return list(entry_points(group="klustergraf.commands"))


@click.group(cls=_Group, context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--home",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="KLUSTERGRAF_HOME",
    default=default_home,
    help="The folder of versions (KLUSTERGRAF_HOME). [default: the user's data folder]",
)
@click.version_option(__version__, prog_name="klustergraf")
@click.pass_context
def main(ctx: click.Context, home: Path) -> None:
    """Build, query and serve the Stockholm–Uppsala life science knowledge graph."""
    ctx.obj = home


main.add_command(build)
main.add_command(contribute)
main.add_command(backup)
main.add_command(history)
main.add_command(restore)
main.add_command(roll_back)
main.add_command(token)
main.add_command(import_)
main.add_command(diff)
main.add_command(dump)
main.add_command(identity)
main.add_command(network)
main.add_command(publish)
main.add_command(queries)
main.add_command(query)
main.add_command(self_check)
main.add_command(strategy)
main.add_command(suggest)
main.add_command(validate)
main.add_command(verify_sources)
main.add_command(versions)
