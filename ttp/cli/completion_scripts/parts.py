"""What the scripts of all shells are put together from."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from ttp.cli.completion import Node, Source


def valued(nodes: Iterable[Node]) -> list[str]:
    """The options that take a value."""
    return sorted({name for node in nodes for name, _ in node.values})


def parents(nodes: Iterable[Node]) -> list[str]:
    """The commands that have subcommands; sorted."""
    return sorted({node.path.rpartition(" ")[0] for node in nodes if " " in node.path})


def values(nodes: Sequence[Node]) -> Iterator[tuple[list[str], Source]]:
    """What follows which option of which command, as patterns of `COMMAND OPTION`: for what an option takes in most
    commands one pattern, behind those for the others."""
    usual: list[tuple[list[str], Source]] = []
    for option in valued(nodes):
        takes = {node.path: source for node in nodes for name, source in node.values if name == option}
        most = max(takes.values(), key=list(takes.values()).count)
        for source in dict.fromkeys(takes.values()):
            if source == most:
                usual.append(([f"* {option}"], source))
            else:
                yield [f"{path} {option}" for path, taken in takes.items() if taken == source], source
    yield from ((patterns, source) for patterns, source in usual if source != Source())


def cases(nodes: Sequence[Node], line: str, takes: Callable[[Source], str]) -> str:
    """What options take as the cases of a `case`."""
    return "\n".join(
        line.format("|".join(f"*{quoted(p[1:])}" if p[0] == "*" else quoted(p) for p in patterns), takes(source))
        for patterns, source in values(nodes)
    )


def filled(template: str, **parts: str) -> str:
    """The template with each `@NAME@` replaced."""
    for name, text in parts.items():
        template = template.replace(f"@{name}@", text)
    return template


def quoted(text: str) -> str:
    """One word for bash and zsh."""
    return "'" + text.replace("'", "'\\''") + "'"
