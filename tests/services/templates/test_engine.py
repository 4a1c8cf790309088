"""What any engine of templates must do: the limits and errors that made MiniJinja the one."""

from __future__ import annotations

import os
import random
import resource
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import pytest

from tests.rows import each
from ttp.domain.errors import UsageError
from ttp.domain.template import LONGEST_SOURCE, MissingVariable, TemplateText
from ttp.services.templates.engine import render

VALUES = {
    "vars": {
        "title": "A title",
        "items": "i",
        "keys": "k",
        "values": "v",
        "list": ["a", "b"],
        "number": 3,
        "on": True,
        "tagged": "of #C",
    },
    "snippets": {"sign": "Bye {{ vars.title }}"},
    "today": "2026-12-01",
    "now": "2026-12-01T10:00:30+01:00",
}


def made(text: str) -> str:
    return render(TemplateText("release", text), VALUES).text


@each(
    ("text", "result"),
    [
        ("{{ vars.items }}{{ vars.keys }}{{ vars.values }}", "ikv"),
        ("{{ ''.__class__ }}{% if vars.nope %}{% endif %}", None),
        ("{% if vars.nope %}a{% elif not vars.on %}b{% else %}c{% endif %}", "c"),
        ("{{ vars.nope | default('d') }}{{ vars.nope is defined }}", "dFalse"),
        ("{% for one in vars.list %}{{ loop.index }}{{ one | upper }} {% endfor %}", "1A 2B "),
        ("{% set x = vars.list | join(', ') %}{{ x ~ '!' }}", "a, b!"),
        ("{{ vars.list[1] }} {{ vars['title'] | replace('A', 'The') | lower }}", "b the title"),
        ("{{ vars.title | split | first }} {{ vars.title | length }}", "A 7"),
        ("line\n{% if vars.on %}\n  kept\n{% endif %}\nend", "line\n  kept\nend"),
        ("{{ snippets.sign }}", "Bye {{ vars.title }}"),
        ("{{ vars.list | hashtags }} {{ vars.number | words(1) }}", "#a #b 3"),
        ("{{ vars.list | hashtags }} #B {{ vars.tagged }} {{ 'c' | hashtags }}", "#a #B of #C "),
        ("{{ today | date('%Y') }}", "2026"),
        ("{{ '2026-11-28' | ago }}, {{ '2026-12-01T10:00+01:00' | ago }}", "3 days ago, just now"),
        ("{{ '2026-12-01T12:30+01:00' | ago }}, {{ '2024-12-01T09:00Z' | ago }}", "in 2 hours, 1 year ago"),
    ],
)
def test_the_language(text: str, result: str | None) -> None:
    if result is None:
        with pytest.raises(UsageError):
            made(text)
    else:
        assert made(text) == result


@each(
    ("text", "line", "column"),
    [
        ("{{ vars.titel }}", 1, 4),
        ("é\n ü {{ vars.titel | fit }}", 2, 7),
        ("{{ vars.titel | words(1) }}", 1, 4),
        ("a\n{{ titel }}", 2, 4),
        ("{% for a in vars.nope | split %}{% endfor %}", 1, 13),
        ("{{ vars.title | words(1) }}{{ vars.nope | words(1) }}", 1, 31),
        ("{{ vars.title | date }}", 1, 17),
        ("{{ vars.list | words(1) }}", 1, 16),
        ("{{ 'x' | words('one') }}", 1, 10),
        ("{{ none | words(1) }}", 1, 11),
        ("{{ vars.pop }}{{ vars.list.append }}", 1, 4),
        ("a\n{% if vars.on %}\nb", 3, 1),
        ("{{ vars.title | }}", 1, 17),
        ("{{ range(9) }}", 1, 4),
        ("{{ account.name }}", 1, 4),
        ("{{ vars.pop('title') }}", 1, 9),
        ("{{ vars.list.append(1) }}", 1, 14),
        ("{{ vars.list.append | default(1) }}{{ vars['list'].pop (0) }}", 1, 52),
    ],
)
def test_a_mistake_is_named_with_its_place(text: str, line: int, column: int) -> None:
    with pytest.raises(UsageError) as refused:
        made(text)
    assert refused.value.message.startswith(f"template release, line {line}, column {column}: ")
    assert refused.value.flaw == "template"
    assert "\n" not in refused.value.message


def test_a_missing_variable_says_what_there_is() -> None:
    with pytest.raises(MissingVariable) as refused:
        made("{{ vars.titel }}")
    assert refused.value.name == "titel"
    assert all(name in refused.value.message for name in ("items", "title"))
    assert [hint.way for hint in refused.value.hints] == ["vars.title"]


DOUBLED = "{% set a = 'xxxxxxxx' %}" + "{% set a = a ~ a %}" * 30


@each(
    "text",
    [
        "{% for a in 'x' | replace('x', 'y ' ~ 'z') %}{% endfor %}" + "{{ 'a' * 30000000 }}",
        DOUBLED + "{{ a }}",
        DOUBLED + "{{ a | words(1) }}",
        "{% set l = vars.list + vars.list %}",
        "{% set b = 'y' | replace('y', 'x' | replace('x', '"
        + "z" * 300
        + "')) %}"
        + "{% set b = b | replace('z', 'zzzzzzzzzzzzzzzzzzzzzzzzzz') %}" * 6,
        "{% for a in vars.list recursive %}{{ loop(vars.list) }}{% endfor %}",
        "{% set t = '" + "word " * 500 + "' %}{% for a in t | split %}{% for b in t | split %}{{ t | fit }}"
        "{% endfor %}{% endfor %}",
        "{{ debug() }}",
        "{{ '%0100000000d' | format(1) }}",
    ],
)
def test_no_text_takes_long_or_grows(text: str) -> None:
    started, before = time.process_time(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(UsageError):
        made(text)
    assert time.process_time() - started < 2
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50_000


PIECES = (
    *("{{ ", " }}", "{% ", " %}", "{# ", " #}", "if ", "else", "endif", "for a in ", "endfor", "set a = ", "raw"),
    *("vars.title", "vars.list", "vars.nope", "text", "'x'", '"', "'", "}}", "%}", "(", ")", "[1]", "[", "]", ".", ","),
    *(" | fit", " | hashtags", " | words(2)", " | join", " | first_sentence", " ~ ", " * ", " + ", " or ", " is "),
    *(" | date", " | replace('x', 'yy')", " | split", "include 'release'", "macro m()", "a", "-", "loop", "{", "}"),
    *("endraw", "9", "\n", "é"),
)


@pytest.mark.parametrize("seed", [1, pytest.param(2, marks=pytest.mark.slow)])
def test_made_up_texts_end_in_a_text_or_a_refusal(seed: int) -> None:
    draw, slowest = random.Random(seed), 0.0
    for _ in range(1_000 if seed == 1 else 10_000):
        text = "".join(draw.choices(PIECES, k=draw.randint(1, 30)))[:LONGEST_SOURCE]
        started = time.process_time()
        with suppress(UsageError):
            made(text)
        slowest = max(slowest, time.process_time() - started)
    assert slowest < 1


def test_without_templates_none_of_it_is_imported(tmp_path: Path) -> None:
    code = "import sys; from ttp.cli.main import main; main(['create', 'Hi {{ x }}']); print(*sys.modules)"
    environ = {**os.environ, "TTP_HOME": str(tmp_path / "home")}
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, env=environ)
    modules = ran.stdout.split()
    assert "ttp.services.posts" in modules
    assert [name for name in modules if "minijinja" in name or "template" in name] == [
        "ttp.services.templates",
        "ttp.services.templates.filling",
    ]


def test_without_the_package_the_refusal_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "minijinja", None)
    with pytest.raises(UsageError) as refused:
        made("x")
    assert "templates" in str(refused.value.hints[0].way)
