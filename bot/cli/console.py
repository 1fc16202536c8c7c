"""``condorbot console``: the link to the page of a running daemon, and a password's hash."""

from typing import Annotated

import typer

from bot.cli.options import complain, settings_or_exit
from bot.console.sessions import hashed
from bot.supervise import Exit

console = typer.Typer(
    name="console", help="The operator's page in the browser.", no_args_is_help=True
)
PASSWORD_CHARACTERS_MIN = 12

_Config = Annotated[
    str, typer.Option("--config", "-c", help="A TOML file or the name of a profile.")
]


@console.command()
def link(config: _Config = "paper") -> None:
    """Print the address of the page with a token in it that works once."""
    settings = settings_or_exit(config).console
    try:
        token = settings.token_path.read_text(encoding="ascii").strip()
    except OSError as error:
        complain(f"{settings.token_path}: {error.strerror}: no console is served from here")
        raise typer.Exit(Exit.CRASHED) from None
    scheme = "http" if settings.tls_certificate is None else "https"
    typer.echo(f"{scheme}://{settings.host}:{settings.port}/login#{token}")


@console.command()
def password() -> None:
    """Ask for a password and print what belongs into the profile as [console] password_hash."""
    secret = typer.prompt("Password", hide_input=True, confirmation_prompt=True)
    if len(secret) < PASSWORD_CHARACTERS_MIN:
        complain(f"a password has at least {PASSWORD_CHARACTERS_MIN} characters")
        raise typer.Exit(Exit.BAD_CONFIG)
    typer.echo(hashed(secret))
