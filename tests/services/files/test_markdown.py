"""Content files: a written file reads back equal, and an invalid file is refused with the reason."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.platforms.factories import PLATFORMS
from tests.rows import each
from ttp.domain.errors import UsageError
from ttp.services.files import markdown
from ttp.services.files.editor_form import fields_of_input
from ttp.services.files.fields import parse_entry

TEXTS = st.text(st.characters(blacklist_categories=["Cs"], blacklist_characters="\0"), min_size=1, max_size=40)
LINES = st.lists(
    st.sampled_from(
        [
            "## x",
            "\\## x",
            "\\\\## y",
            "![a](b)",
            "\\![a](b) ",
            "---",
            "",
            " ",
            "# a",
            "to: x",
            "\u2028",
            "😀 = -",
            "'@a",
        ]
    )
    | TEXTS,
    min_size=1,
    max_size=4,
).map("\n".join)
FIELDS = st.fixed_dictionaries(
    {},
    optional={
        "key": TEXTS,
        "scheduledAt": st.sampled_from(["2026-12-01T08:00:00Z", "optimal"]),
        "accounts": st.lists(st.sampled_from(["x/me", "instagram/no"]), min_size=1, unique=True),
        "content": LINES,
        "tags": st.lists(st.sampled_from(["no", "1e3", "09:00", "köln"]), min_size=1, unique=True),
        "variants": st.dictionaries(st.sampled_from(["x", "instagram", "x/me", "x/Thread"]), LINES, min_size=1),
        "thread": st.lists(LINES, min_size=1, max_size=3),
        "options": st.just({"tiktok.privacy_level": "SELF_ONLY"}),
        "maxLatenessS": st.sampled_from([0.0, 90.0, 7200.0, 0.5]),
    },
)


@given(FIELDS)
def test_what_is_written_reads_back_as_the_same_post(fields: dict[str, object]) -> None:
    back = markdown.parse_file(markdown.format_file(fields), PLATFORMS)
    assert back is not None
    before, after = parse_entry("", fields, PLATFORMS), parse_entry("", back, PLATFORMS)
    assert after == before


@given(st.text(max_size=60) | st.text("-#:\n \\&*!{}[]x", max_size=60).map(lambda text: f"---\n{text}\n---\n"))
def test_any_text_is_read_or_refused(text: str) -> None:
    with suppress(UsageError):
        back = markdown.parse_file(text, PLATFORMS)
        assert back is None or all(fault.problem for fault in parse_entry("", back, PLATFORMS).faults)


def test_every_value_of_the_front_matter_is_the_text_that_it_is() -> None:
    fields = markdown.parse_file(
        "---\nto: no\nat: 2026-12-01 09:00\ntags: [yes, 1e3, 0x10, null]\nkey: 007\n---\n", PLATFORMS
    )
    assert fields is not None
    typed = parse_entry("", fields, PLATFORMS).typed
    assert (typed.to, typed.at, typed.key) == (("no",), "2026-12-01 09:00", "007")
    assert typed.tags == ("yes", "1e3", "0x10", "null")


def test_a_text_without_front_matter_is_no_content_file() -> None:
    assert markdown.parse_file("# Read me\n\n---\nto: x\n---\n", PLATFORMS) is None


def test_windows_line_ends_and_a_byte_order_mark_are_read() -> None:
    assert markdown.parse_file("\ufeff---\r\nto: x\r\n---\r\n\r\nHello\r\nyou\r\n", PLATFORMS) == {
        "accounts": "x",
        "content": "Hello\nyou",
    } | {"accounts": "x"}


@each(
    ("text", "named"),
    [
        ("---\nto: x\n", "---"),
        ("---\nto: [x\n---\n", "YAML"),
        ("---\na: &a [x]\nto: *a\n---\n", "alias"),
        ("---\nto: !!python/object:os.system x\n---\n", "YAML"),
        ("---\nto: x\nto: y\n---\n", "to"),
        ("---\nto: x\naccounts: y\n---\n", "accounts"),
        ("---\n- x\n---\n", ""),
        ("---\n? [a]\n: b\n---\n", ""),
        ("---\ntoo: x\n---\n", '"too"'),
        ("---\nto: x\n---\n## Hello\n", '"## Hello"'),
        ("---\nto: x\n---\n## x\na\n## x\nb\n", '"## x"'),
        ("---\nto: x\n---\n## Comment\na\n## comment\nb\n", '"## comment"'),
        ("---\nto: x\n---\n## comment\n![A](a.jpg)\n", "pictures"),
        ("---\ncomment: a\n---\n## comment\nb\n", "comment"),
        ("---\nkey: " + "a" * markdown.LONGEST + "\n---\n", ""),
        ("---\n" + "[" * 5000 + "\n---\n", "YAML"),
    ],
)
def test_what_is_no_content_file_says_why(text: str, named: str) -> None:
    with pytest.raises(UsageError) as refused:
        markdown.parse_file(text, PLATFORMS)
    assert named in refused.value.message


def test_results_are_written_into_the_front_matter_and_leave_the_rest_alone() -> None:
    before = "---\n# a comment\nto: x\nstatus: scheduled\nresults:\n- old: 1\ntags: [a]\n---\n\nHello\n"
    after = markdown.with_results(before, {"id": 3, "status": "published", "results": [{"x/me": "https://x.com/1"}]})
    assert after == (
        "---\n# a comment\nto: x\ntags: [a]\nid: 3\nstatus: published\nresults:\n- x/me: https://x.com/1\n---\n\nHello\n"
    )
    assert (
        markdown.with_results(after, {"id": 3, "status": "published", "results": [{"x/me": "https://x.com/1"}]})
        == after
    )


def test_a_picture_is_one_of_the_part_or_the_account_under_whose_heading_it_stands() -> None:
    text = (
        "---\nmedia:\n- file: a.jpg\n  alt: A\n- last=z.jpg\n---\n\nOne\n\n![B](b.jpg)\n\\![no](picture.jpg)\n"
        "\n## x\n\nFor X\n![C](c d.jpg)\n\n## thread\n\nTwo\n![](d.jpg)\n\n## thread\n\n![E](x/me=e.jpg)\n"
    )
    fields = markdown.parse_file(text, PLATFORMS)
    assert fields is not None
    typed = parse_entry("", fields, PLATFORMS).typed
    assert (typed.text, typed.thread, typed.variants) == ("One\n\n![no](picture.jpg)", ("Two", ""), {"x": "For X"})
    media = dict(zip(typed.media or (), typed.alts or (), strict=True))
    assert media == {
        "a.jpg": "A",
        "last=z.jpg": "",
        "1=b.jpg": "B",
        "x=c d.jpg": "C",
        "2=d.jpg": "",
        "3=x/me=e.jpg": "E",
    }
    again = markdown.parse_file(markdown.format_file(fields_of_input(typed)), PLATFORMS)
    assert again is not None
    back = parse_entry("", again, PLATFORMS).typed
    assert (back.text, back.thread, back.variants) == (typed.text, typed.thread, typed.variants)
    assert dict(zip(back.media or (), back.alts or (), strict=True)) == media
    assert "![](d.jpg)" in markdown.format_file(fields_of_input(typed))


def test_a_first_comment_has_a_heading_of_its_own() -> None:
    fields = {"content": "One", "thread": ["Two"], "comment": "Links:\n## x\n![no](picture.jpg)"}
    text = markdown.format_file(fields)
    assert text.endswith("\n## comment\n\nLinks:\n\\## x\n\\![no](picture.jpg)\n")
    assert markdown.parse_file(text, PLATFORMS) == fields
    assert markdown.find_lines(text)["comment"] == 10
    blank = {"comment": " \n"}
    assert markdown.parse_file(markdown.format_file(blank), PLATFORMS) == blank


def test_media_of_a_part_keep_their_order_where_one_cannot_be_a_line() -> None:
    fields = {"content": "One", "thread": ["Two", "Three"], "media": ["2=a.jpg", "2=b.jpg", "3=c.jpg"]}
    text = markdown.format_file({**fields, "alt": ["A", "B, in\ntwo lines", "C"]})
    again = markdown.parse_file(text, PLATFORMS)
    assert again is not None
    back = parse_entry("", again, PLATFORMS).typed
    assert (back.media, back.alts) == (("2=a.jpg", "2=b.jpg", "3=c.jpg"), ("A", "B, in\ntwo lines", "C"))
    assert "![C](c.jpg)" in text
