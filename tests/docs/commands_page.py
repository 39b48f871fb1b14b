"""Write the reference of the command line from the commands themselves.

    python tests/docs/commands_page.py

A test holds ``docs/reference/commands.md`` against what this gives.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import get_args

import typer

from cygnet.cli.main import app, register

PAGE = Path(__file__).resolve().parents[2] / "docs" / "reference" / "commands.md"
INTRODUCTION = """# Commands

Results go to standard output, progress and remarks to standard error. `NO_COLOR` and pipes are
respected. Exit codes: 0, done; 1, the input is at fault and the message says which file, row,
value and remedy; 2, the command line is at fault; 130, interrupted. This page is made from the
commands: `python tests/docs/commands_page.py`.
"""


def command_line() -> typer.core.TyperGroup:
    """Give the whole command line as one group."""
    if not app.registered_groups:
        register()
    group = typer.main.get_command(app)
    assert isinstance(group, typer.core.TyperGroup)
    return group


def commands(
    group: typer.core.TyperGroup, prefix: str = "cygnet"
) -> Iterator[tuple[str, typer.core.TyperCommand]]:
    """Yield every command with its whole name, groups opened."""
    for name, command in group.commands.items():
        if isinstance(command, typer.core.TyperGroup):
            yield from commands(command, f"{prefix} {name}")
        else:
            assert isinstance(command, typer.core.TyperCommand)
            yield f"{prefix} {name}", command


def page() -> str:
    """Give the whole page."""
    parts = [INTRODUCTION]
    for name, command in commands(command_line()):
        parts.append(
            f"## {name}\n\n{_usage(name, command)}\n\n{_help(command)}\n\n{_table(command)}\n"
        )
    return "\n".join(parts)


def _usage(name: str, command: typer.core.TyperCommand) -> str:
    arguments = []
    for parameter in command.params:
        if isinstance(parameter, typer.core.TyperArgument):
            shown = (parameter.metavar or parameter.name or "").upper().removesuffix("...")
            arguments.append(shown + ("..." if parameter.nargs == -1 else ""))
    return f"`{' '.join([name, *arguments, '[OPTIONS]'])}`"


def _help(command: typer.core.TyperCommand) -> str:
    lines = (command.help or "").splitlines()
    return "\n".join(line.strip() for line in lines)


def _table(command: typer.core.TyperCommand) -> str:
    rows = ["| argument or option | default | meaning |", "| --- | --- | --- |"]
    for parameter in command.params:
        text = str(getattr(parameter, "help", None) or "").replace("|", "\\|")
        if isinstance(parameter, typer.core.TyperArgument):
            name = (parameter.metavar or parameter.name or "").upper()
            rows.append(f"| `{name}` | required | {text} |")
        elif isinstance(parameter, typer.core.TyperOption) and "--help" not in parameter.opts:
            rows.append(f"| {_option(parameter)} | {_default(parameter)} | {text} |")
    return "\n".join(rows)


def _option(parameter: typer.core.TyperOption) -> str:
    if parameter.is_flag:
        both = " / ".join([parameter.opts[0], *parameter.secondary_opts])
        return f"`{both}`"
    choices = get_args(parameter.type_descriptor.annotation)
    words = [str(choice) for choice in choices if isinstance(choice, str)]
    value = "\\|".join(words) or parameter.metavar or (parameter.name or "").upper()
    return f"`{parameter.opts[0]} {value}`"


def _default(parameter: typer.core.TyperOption) -> str:
    if parameter.required:
        return "required"
    return "" if parameter.default in (None, False) else f"`{parameter.default}`"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
