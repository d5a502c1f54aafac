"""The command line: ``klustergraf COMMAND``.

Exit status: 0 when it went well, 1 when something does not hold (a shape, a passage), 2 when the
command cannot be carried out as asked. What a user can cause ends in a message, never a traceback.
"""

from importlib import import_module
from importlib.metadata import EntryPoint, entry_points
from pathlib import Path
from typing import Final

import click

from klustergraf import __version__
from klustergraf.errors import GraphError, ShapeViolations
from klustergraf.version import default_home

# Where each command is: one is imported when it is wanted, because some need large libraries.
_COMMANDS: Final = {
    "backup": "contributing:backup",
    "build": "build:build",
    "contribute": "contributing:contribute",
    "diff": "versions:diff",
    "dump": "versions:dump",
    "history": "contributing:history",
    "identity": "identity:identity",
    "import": "importing:import_",
    "network": "network:network",
    "publish": "publish:publish",
    "queries": "query:queries",
    "query": "query:query",
    "restore": "contributing:restore",
    "roll-back": "contributing:roll_back",
    "self-check": "self_check:self_check",
    "strategy": "network:strategy",
    "suggest": "network:suggest",
    "token": "contributing:token",
    "validate": "validate:validate",
    "verify-sources": "verify:verify_sources",
    "versions": "versions:versions",
}


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
        return sorted([*super().list_commands(ctx), *_COMMANDS, *(e.name for e in _added())])

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        loaded: object = super().get_command(ctx, cmd_name)
        if cmd_name in _COMMANDS:
            module, _, name = _COMMANDS[cmd_name].partition(":")
            loaded = getattr(import_module(f"{__name__}.{module}"), name)
        for entry in _added():
            if entry.name == cmd_name:
                loaded = entry.load()
        return loaded if isinstance(loaded, click.Command) else None


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
