"""The language of templates: what it has not, wherever that stands."""

from __future__ import annotations

import pytest

from tests.rows import each
from ttp.domain.errors import UsageError
from ttp.domain.template import LONGEST_SOURCE, MissingVariable, TemplateText, check, refuse_other_names


@each(
    ("text", "line", "column"),
    [
        ("{% include 'x' %}", 1, 4),
        ("a\n{%- macro x() %}{% endmacro %}", 2, 5),
        ("{% import 'x' as y %}", 1, 4),
        ("{% extends 'x' %}", 1, 4),
        ("{% call x() %}{% endcall %}", 1, 4),
        ("{% %}", 1, 4),
        ("{{ vars.a | fitt }}", 1, 13),
        ("{% if no %}{{ 'a|b' ~ (x|safe) }}{% endif %}", 1, 26),
        ("é\n {{ '}}' ~ [1] * 9 }}", 2, 16),
        ("{{ [1] + [2] }}", 1, 8),
        ("{{ vars.a.b(1) }}", 1, 11),
        ("{{ vars.a[0] (1) }}", 1, 12),
        ("x" * (LONGEST_SOURCE + 1), 1, 1),
    ],
)
def test_a_text_with_something_else_is_refused_with_its_place(text: str, line: int, column: int) -> None:
    with pytest.raises(UsageError) as refused:
        check(TemplateText("release", text))
    assert refused.value.flaw == "template"
    assert f"template release, line {line}, column {column}: " in refused.value.message


@each(
    "text",
    [
        "Plain + text * with | fitt and {x}",
        "{# {% include 'x' %} + * #}{% raw %}{{ x + y | fitt }}{% endraw %}",
        "{{ 'a+b*c | fitt %}' ~ \"{{ x | fitt }}\" }}",
        "{%- for x in vars.list if x -%}{% set y = x | upper %}{{ not (y) or 1 > 2 | default (1) }}{% endfor %}",
    ],
)
def test_a_text_of_the_language_passes(text: str) -> None:
    check(TemplateText("release", text))


def test_a_missing_variable_is_the_refusal_with_its_name() -> None:
    refused = TemplateText("r", "{{ vars.a }}").refusal(3, "no a", "b")
    missing = MissingVariable(refused, "a")
    assert (missing.message, missing.hints, missing.flaw, missing.name) == (
        refused.message,
        refused.hints,
        "template",
        "a",
    )


def test_names_are_found_in_code_alone() -> None:
    text = TemplateText("release", "text {{ vars.text ~ 'text' }} {{ vars.b | default(vars.c) }}", line=7)
    assert not text.names("text")
    assert text.names("vars")
    assert text.variables == {"text", "b", "c"}
    refuse_other_names(text, {"vars"})
    with pytest.raises(UsageError) as refused:
        refuse_other_names(TemplateText("r", "a\n{{ b.topic }} {{ topic }}", line=7), {"topic"})
    assert "line 8, column 18: " in refused.value.message
    with pytest.raises(UsageError):
        refuse_other_names(text, {"elsewhere"})
