"""`bessinside user`: who may sign in."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bessinside.cli.screen import console
from bessinside.web.users import ROLES, UsersError, save_user


def user(
    name: Annotated[str, typer.Argument(help="The name to sign in with.")],
    file: Annotated[Path, typer.Option(help="The users file; made where there is none.")],
    role: Annotated[
        str,
        typer.Option(
            help="viewer, operator or admin; investor, marketer or purchaser: a viewer whose view opens first."
        ),
    ] = "viewer",
) -> None:
    """Add a user to a users file, or change role and password of one that is there. Asks for the password.

    Example:

      bessinside user anna --role operator --file users.toml
    """
    if role not in ROLES:
        raise UsersError(f"role {role!r}: expected one of {', '.join(ROLES)}")
    if not name or not name.isprintable() or '"' in name or "\\" in name:
        raise UsersError(f"name {name!r}: expected printable characters without quotes")
    password = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    if len(password) < 10:
        raise UsersError("password: expected at least 10 characters")
    save_user(file, name, role, password)
    console.print(f"{name} may sign in as {role} ({file})")
