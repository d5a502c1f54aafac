"""Addresses of servers, as options of commands take them."""

import click


def web_address(_ctx: click.Context, _param: click.Parameter, value: str | None) -> str | None:
    """Check the address of a store; a name and a password do not belong into it."""
    if value is not None and not value.startswith(("http://", "https://")):
        raise click.BadParameter("It begins with http:// or https://.")
    if value is not None and "@" in value.split("/")[2]:
        raise click.BadParameter(
            "A name and a password are given as KLUSTERGRAF_STORE_USER and "
            "KLUSTERGRAF_STORE_PASSWORD."
        )
    return value
