"""The completion scripts of shells, made from the tree of commands. Fixed words are in the scripts, which start no
process for them. The scripts evaluate nothing: the lines of `ttp __complete` are split, compared and quoted, so the
text of a post never reaches a shell as code."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence

from ttp.cli.completion import Node, Word, WordSource
from ttp.cli.texts import load_text


def script(shell: str, nodes: Sequence[Node]) -> str:
    return {"bash": bash, "zsh": zsh, "fish": fish}[shell](nodes)


def bash(nodes: Sequence[Node]) -> str:
    def takes(source: WordSource) -> str:
        return _variables(source, f"words={_lines(source.words)}")

    def path(node: Node) -> str:
        argument = f"words={_lines(word for word, _ in node.words)}" if node.words else takes(node.place)
        first = f"(( place )) || {{ {argument}; }}; " if argument and not node.words and not node.again else ""
        options = f"options={_lines(name for name, _ in node.options)}"
        return f"        '{node.path}') {first or (f'{argument} ' if argument else '')}{options} ;;"

    return load_text(
        "ttp.bash",
        VALUED="|".join(value_options(nodes)),
        PARENTS="|".join(f"'{parent}'" for parent in parents(nodes)),
        PATHS="\n".join(map(path, nodes)),
        VALUES=cases(nodes, "            {}) {} ;;", takes),
    )


def _variables(source: WordSource, words: str) -> str:
    """Return what sets the variables of bash or zsh for a source. `words`: what sets that of its words."""
    parts = [f"ask=({' '.join(source.ask)})"] if source.ask else []
    parts += [words] if source.words else []
    parts += ["files=1"] if source.files else []
    parts += ["many=1"] if source.many else []
    return " ".join(parts)


def _lines(words: Iterable[str]) -> str:
    return "$'" + r"\n".join(word.replace("\\", r"\\").replace("'", r"\'") for word in words) + "'"


def zsh(nodes: Sequence[Node]) -> str:
    def listed(words: Iterable[Word]) -> str:
        return " ".join(quote_word(f"{word}:{help}" if help else word) for word, help in words)

    def takes(source: WordSource) -> str:
        return _variables(source, f"values=({' '.join(map(quote_word, source.words))})")

    def path(node: Node) -> str:
        parts = [f"        ({quote_word(node.path)})"]
        argument = f"names=({listed(node.words)})" if node.words else takes(node.place)
        if argument:
            first = "" if node.words or node.again else "(( place )) || "
            parts.append(f"            {first}{argument}")
        own = [one for one in node.options if one not in usual]
        has_usual = len(own) + len(usual) == len(node.options)
        options = f"options=({listed(own)}) usual=1" if has_usual else f"options=({listed(node.options)})"
        return "\n".join([*parts, f"            {options} ;;"])

    counts = Counter(one for node in nodes for one in node.options)
    usual = [one for one, count in counts.items() if count > len(nodes) / 2]
    return load_text(
        "_ttp",
        USUAL=listed(usual),
        VALUED="|".join(value_options(nodes)),
        PARENTS="|".join(quote_word(parent) for parent in parents(nodes)),
        PATHS="\n".join(map(path, nodes)),
        VALUES=cases(nodes, "            ({}) {} ;;", takes),
    )


def fish(nodes: Sequence[Node]) -> str:
    def line(paths: Iterable[str], offer: str, help: str, most: str = "any") -> str:
        at = f'-n "__ttp_at {most} {" ".join(map(_quoted, paths))}"'
        return f"complete -c ttp {at} {offer}" + (f" -d {_quoted(help)}" if help else "")

    def takes(source: WordSource) -> str:
        if source.files:
            return "-F"
        words = " ".join(map(_quoted, source.words))
        request = " ".join(source.ask)
        match source:
            case WordSource(many=True):
                words = f"(__ttp_many {f'ask {request}' if request else f'words {words}'})"
            case WordSource(ask=(_, *_)):
                words = f"(__ttp_ask {request})"
            case _:  # each word with its own, empty help: else fish repeats that of the option
                words = " ".join(f"{_quoted(word)}\\t" for word in source.words)
        return f"-k -a {_quoted(words)}" if words else ""

    def option(name: str, node: Node) -> str:
        offer = f"-l {name[2:]}" if name.startswith("--") else f"-s {name[1:]}"
        source = dict(node.values).get(name)
        if source is None:
            return offer
        return f"{offer} -r -F" if source.files else f"{offer} -x {takes(source)}".rstrip()

    lines = []
    words: dict[Word, list[str]] = {}  # `help` offers them again
    options: dict[tuple[str, str], list[str]] = {}  # most commands share them
    for node in nodes:
        for word in node.words:
            words.setdefault(word, []).append(node.path)
        if not node.words and (offer := takes(node.place)):
            lines.append(line([node.path], offer, "", "any" if node.again else "0"))
        for name, help in node.options:
            options.setdefault((option(name, node), help), []).append(node.path)
    lines += [line(paths, f"-a {word}", help) for (word, help), paths in words.items()]
    lines += [line(paths, offer, help) for (offer, help), paths in options.items()]
    return load_text(
        "ttp.fish",
        VALUED=" ".join(value_options(nodes)),
        PARENTS=" ".join(map(_quoted, parents(nodes))),
        LINES="\n".join(lines),
    )


def _quoted(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def value_options(nodes: Iterable[Node]) -> list[str]:
    return sorted({name for node in nodes for name, _ in node.values})


def parents(nodes: Iterable[Node]) -> list[str]:
    """Return the commands with subcommands, sorted."""
    return sorted({node.path.rpartition(" ")[0] for node in nodes if " " in node.path})


def values(nodes: Sequence[Node]) -> Iterator[tuple[list[str], WordSource]]:
    """Return the values of options as patterns of `COMMAND OPTION`; the pattern for most commands comes last."""
    usual: list[tuple[list[str], WordSource]] = []
    for option in value_options(nodes):
        takes = {node.path: source for node in nodes for name, source in node.values if name == option}
        most = max(takes.values(), key=list(takes.values()).count)
        for source in dict.fromkeys(takes.values()):
            if source == most:
                usual.append(([f"* {option}"], source))
            else:
                yield [f"{path} {option}" for path, one in takes.items() if one == source], source
    yield from ((patterns, source) for patterns, source in usual if source != WordSource())


def cases(nodes: Sequence[Node], line: str, takes: Callable[[WordSource], str]) -> str:
    """Return the values of options as the cases of a `case`."""
    return "\n".join(
        line.format(
            "|".join(f"*{quote_word(p[1:])}" if p[0] == "*" else quote_word(p) for p in patterns), takes(source)
        )
        for patterns, source in values(nodes)
    )


def quote_word(text: str) -> str:
    """Quote a word for bash and zsh."""
    return "'" + text.replace("'", "'\\''") + "'"
