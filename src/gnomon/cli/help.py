"""`--help` in the style of everything else: one column of names, one of what they do, examples to copy."""

from __future__ import annotations

import sys
from typing import Any

import typer.core

from gnomon.cli.failure import unknown_command
from gnomon.cli.terminal.look import Look
from gnomon.cli.terminal.page import Page
from gnomon.cli.terminal.table import Column
from gnomon.cli.terminal.text import Span, bold

OPTIONS = "options"  # heading of options that have no other


class Command(typer.core.TyperCommand):
    """A command whose help is a page."""

    def get_help(self, ctx: Any) -> str:
        """The page as text."""
        page = Page(Look.of(sys.stdout))
        page.line(bold(ctx.command_path), f" {_usage(self, ctx)}")
        page.blank()
        _prose(page, self.help)
        _parameters(page, self, ctx)
        if self.epilog:
            page.blank()
            page.line(Span("examples", "dim"))
            for line in self.epilog.strip().splitlines():
                page.command(line.strip(), lead="  ")
        return str(page)


class Group(typer.core.TyperGroup):
    """A group of commands whose help is a page, and which refuses unknown names with near matches."""

    def get_help(self, ctx: Any) -> str:
        """The page as text."""
        page = Page(Look.of(sys.stdout))
        _prose(page, self.help)
        page.blank()
        page.line(bold(ctx.command_path), " COMMAND")
        headings: dict[str, list[list[Any]]] = {}
        for name in self.list_commands(ctx):
            command = self.commands[name]
            heading = getattr(command, "rich_help_panel", None)
            key = heading if isinstance(heading, str) else "commands"
            nested = [f"{name} {inner}" for inner in getattr(command, "commands", ())] or [name]
            for label in nested:
                inner = getattr(command, "commands", {}).get(label.partition(" ")[2], command)
                headings.setdefault(key, []).append(
                    [bold(label), (inner.short_help or inner.help or "").strip().splitlines()[0]]
                )
        width = max(len(row[0].text) for rows in headings.values() for row in rows)
        for heading, rows in headings.items():
            page.blank()
            page.line(Span(heading, "dim"))
            page.table(
                [Column(align="<"), Column(align="<", prose=True)],
                [[Span(r[0].text.ljust(width, "\u00a0"), "bold"), r[1]] for r in rows],
                indent=2,
            )
        page.blank()
        for line in (self.epilog or "").strip().splitlines():
            page.line(Span(line.strip(), "dim"))
        return str(page)

    def list_commands(self, ctx: Any) -> list[str]:
        """In the order in which they are used, not in that of the alphabet."""
        return list(self.commands)

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The command that is asked for.

        Raises:
            UnknownNameError: there is none of that name.
        """
        if args and not args[0].startswith("-") and args[0] not in self.commands:
            raise unknown_command(args[0], list(self.commands), ctx.command_path)
        return super().resolve_command(ctx, args)


def _usage(command: Any, ctx: Any) -> str:
    required = [p for p in command.get_params(ctx) if p.param_type_name == "argument" or p.required]
    pieces = []
    for p in required:
        name = str(p.metavar or p.name.upper())
        text = name if p.param_type_name == "argument" else f"{p.opts[0]} {name}"
        pieces.append(text if p.required else f"[{text}]")
    return " ".join([*pieces, "[options]"])


def _prose(page: Page, text: str | None) -> None:
    """Paragraphs; lines within one are joined."""
    for paragraph in (text or "").strip().split("\n\n"):
        page.blank()
        page.line(" ".join(paragraph.split()), hang=0)


def _parameters(page: Page, command: Any, ctx: Any) -> None:
    headings: dict[str, list[tuple[str, str]]] = {}
    for p in command.get_params(ctx):
        if getattr(p, "hidden", False):
            continue
        argument = p.param_type_name == "argument"
        panel = getattr(p, "rich_help_panel", None)
        heading = "arguments" if argument else panel if isinstance(panel, str) else OPTIONS
        headings.setdefault(heading, []).append((_name(p, argument), _explained(p, argument)))
    order = sorted(headings, key=lambda h: (h != "arguments", h != OPTIONS))
    width = max(len(name) for rows in headings.values() for name, _ in rows)
    for heading in order:
        page.blank()
        page.line(Span(heading, "dim"))
        rows = [[Span(name.ljust(width, "\u00a0"), "bold"), text] for name, text in headings[heading]]
        page.table([Column(align="<"), Column(align="<", prose=True)], rows, indent=2)


def _name(parameter: Any, argument: bool) -> str:
    if argument:
        return str(parameter.metavar or parameter.name.upper())
    names = ", ".join(sorted(parameter.opts, key=len))
    if parameter.secondary_opts:
        names = f"{names} / {parameter.secondary_opts[0]}"
    return names if parameter.is_flag or not parameter.metavar else f"{names} {parameter.metavar}"


def _explained(parameter: Any, argument: bool) -> str:
    text = (getattr(parameter, "help", None) or "").strip()
    default = parameter.default
    if (
        not argument
        and isinstance(default, str | int | float)
        and not isinstance(default, bool)
        and not parameter.is_flag
    ):
        text = f"{text} ({default})"
    if getattr(parameter, "required", False) and not argument:
        text = f"{text} (required)"
    return text
