"""One writer: the same answer as table, TSV, JSON and JSON lines, errors, and a closed pipe."""

import io
import json
import re
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.rows import each
from ttp.cli.commands import status
from ttp.cli.notices import saved_posts_spec
from ttp.cli.output import Output, chosen_format, color_wanted, output_of_process, write_error
from ttp.cli.render import post as post_module
from ttp.cli.render import posts as posts_module
from ttp.cli.render import spec
from ttp.cli.terminal import escaping_stream
from ttp.domain.account import Hold
from ttp.domain.delivery import Delivery
from ttp.domain.errors import ContentRefused, Hint, NotFound, PastTime, Problem, TtpError, UsageError
from ttp.domain.health import Health
from ttp.domain.post import PostStatus
from ttp.services.queries import PostView
from ttp.views.posts import POST_FIELDS

NOW = datetime(2026, 11, 24, 12, 46, tzinfo=UTC)
AT = datetime(2026, 11, 24, 17, 0, tzinfo=UTC)
POST = PostView(
    "Launch day!\nDoors 9:00",
    (Delivery("instagram/shop", "instagram"), Delivery("x/me", "x")),
    PostStatus.SCHEDULED,
    AT,
    id=41,
)
DRAFT = PostView("Outtakes", id=44)
ANY_TEXT = st.text(st.characters(exclude_categories=()) | st.sampled_from("\x1b\x9b\u202e\n\t\\\r\u2028"))
HOSTILE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")
"""What would act on a terminal; line breaks and the tabs of TSV are ours."""


class Desk:
    """An output whose streams can be read."""

    def __init__(self, **options: object) -> None:
        self.out, self.err = io.StringIO(), io.StringIO()
        self.output = Output(self.out, self.err, now=lambda: NOW, **options)  # type: ignore[arg-type]  # by keyword

    @property
    def written(self) -> str:
        return self.out.getvalue()


def test_a_header_is_added_on_request_even_to_an_empty_list() -> None:
    desk = Desk(header=True)
    desk.output.write_list(posts_module.POSTS_SPEC, [])
    assert desk.written == "id\tstatus\tscheduledAt\taccounts\tcontent\n"


@each(("format", "text"), [("json", "[]\n"), ("jsonl", ""), ("tsv", "")])
def test_an_empty_list(format: str, text: str) -> None:
    desk = Desk(format=format)
    desk.output.write_list(posts_module.POSTS_SPEC, [])
    assert desk.written == text


@each(
    ("format", "text"),
    [
        ("tsv", "41\tscheduled\n44\tdraft\n"),
        ("json", '[{"id": 41, "status": "scheduled"},\n {"id": 44, "status": "draft"}]\n'),
        ("jsonl", '{"id": 41, "status": "scheduled"}\n{"id": 44, "status": "draft"}\n'),
        ("table", "  id  status\n  41  scheduled\n  44  draft\n"),
    ],
)
def test_fields_pick_alike_in_every_format(format: str, text: str) -> None:
    desk = Desk(format=format, fields=["id", "status"])
    desk.output.write_list(posts_module.POSTS_SPEC, [POST, DRAFT])
    assert desk.written == text


def test_an_unknown_field_is_refused_with_all_there_are_before_anything_is_written() -> None:
    desk = Desk(fields=["id", "scheduled_at"])
    with pytest.raises(UsageError) as refused:
        desk.output.write_list(posts_module.POSTS_SPEC, [POST])
    assert desk.written == ""
    desk.output.error(refused.value)
    first, *listed, last = desk.err.getvalue().splitlines()
    assert (first, last) == (f"ttp: error: {refused.value.message}", "  try: --fields id,scheduledAt")
    assert " ".join(listed).split() == ["fields:", *sorted(POST_FIELDS)]
    assert all(line.startswith("          ") and len(line) <= 80 for line in listed[1:])


def test_show_has_a_tsv_row_per_delivery_and_one_row_where_fields_are_picked() -> None:
    rows, picked = Desk(header=True), Desk(fields=["id", "variants", "deliveries"])
    rows.output.write_one(post_module.POST_SPEC, POST)
    picked.output.write_one(post_module.POST_SPEC, DRAFT)
    assert rows.written == (
        "account\tstate\tpublishedAt\turl\terrorMessage\ninstagram/shop\tpending\t\t\t\nx/me\tpending\t\t\t\n"
    )
    assert picked.written == "44\t{}\t\n"


def test_nested_values_of_a_tsv_cell_are_compact_json() -> None:
    desk = Desk(fields=["holds", "publisher"])
    desk.output.write_one(status.STATUS_SPEC, Health(holds=(Hold("x/me", AT, "a\tb"),)))
    holds, publisher = desk.written.rstrip("\n").split("\t")
    assert holds == '[{"account":"x/me","until":"2026-11-24T17:00:00Z","reason":"a\\\\tb"}]'
    assert publisher == '{"running":false,"pid":null,"mode":null,"since":null,"lastRunAt":null,"version":null}'


@given(st.lists(ANY_TEXT, max_size=6))
def test_tsv_has_as_many_rows_as_items_and_as_many_cells_as_columns_whatever_the_text(texts: list[str]) -> None:
    desk = Desk()
    desk.output.write_list(posts_module.POSTS_SPEC, [PostView(text, id=place) for place, text in enumerate(texts)])
    rows = desk.written.split("\n")
    assert rows.pop() == ""
    assert [row.count("\t") for row in rows] == [4] * len(texts)
    assert not HOSTILE.search(desk.written)


@given(st.lists(ANY_TEXT, max_size=4), st.sampled_from(["json", "jsonl"]))
def test_json_parses_back_equal_and_holds_nothing_that_acts_on_a_terminal(texts: list[str], format: str) -> None:
    desk = Desk(format=format, fields=["content"])
    desk.output.write_list(posts_module.POSTS_SPEC, [PostView(text) for text in texts])
    read = json.loads(desk.written) if format == "json" else [json.loads(row) for row in desk.written.splitlines()]
    assert [row["content"] for row in read] == texts
    assert not HOSTILE.search(desk.written)


@given(ANY_TEXT)
def test_sentences_tables_notes_and_errors_hold_no_foreign_control_character(text: str) -> None:
    desk = Desk(format="table", fields=["content"])
    desk.output.write_list(posts_module.POSTS_SPEC, [PostView(text)])
    desk.output.write_message(text)
    desk.output.line(text)
    desk.output.note(text)
    problem = Problem("content", "code", text, text, text)
    desk.output.error(NotFound(text, Hint("see", text), problems=[problem], details=[text]))
    assert desk.written.count("\n") == 4
    assert not HOSTILE.search(desk.written + desk.err.getvalue())


def test_tsv_and_json_lines_are_written_while_the_list_is_still_being_read() -> None:
    for format in ("tsv", "jsonl", "json"):
        desk = Desk(format=format)
        seen: list[int] = []

        def posts(desk: Desk = desk, seen: list[int] = seen) -> Iterator[PostView]:
            for number in range(3):
                seen.append(desk.written.count("Outtakes"))
                yield PostView("Outtakes", id=number)

        desk.output.write_list(posts_module.POSTS_SPEC, posts())
        assert seen == [0, 1, 2]


def test_a_person_gets_the_sentence_a_pipe_the_id_and_json_the_object() -> None:
    sentence = "Scheduled post 41 for Tue 24 Nov 2026 18:00 Europe/Berlin (17:00 UTC)"
    view = saved_posts_spec(["Nothing will publish"], replayed=True)
    told = {}
    for format in ("table", "tsv", "json"):
        desk = Desk(format=format)
        desk.output.write_one(view, POST, say=[sentence])
        told[format] = desk.written
    assert told["table"] == f"{sentence}\n"
    assert told["tsv"] == "41\n"
    assert json.loads(told["json"])["replayed"] is True
    assert json.loads(told["json"])["warnings"] == ["Nothing will publish"]


def test_picked_fields_win_over_the_sentence() -> None:
    desk = Desk(format="table", fields=["status"])
    desk.output.write_one(saved_posts_spec(), POST, say=["Scheduled"])
    assert desk.written == "  status\n  scheduled\n"


def test_a_changed_post_without_a_sentence_is_shown() -> None:
    desk = Desk(format="table")
    desk.output.write_list(saved_posts_spec(), [POST, DRAFT])
    assert "Post 41   scheduled" in desk.written
    assert "\n\nPost 44   draft" in desk.written


def test_plain_facts_are_name_and_value_too() -> None:
    tsv, table = Desk(), Desk(format="table")
    for desk in (tsv, table):
        desk.output.write_one(spec.name_value_spec(("read", "rejected")), {"read": 2, "rejected": []})
    assert tsv.written == "read\t2\nrejected\t\n"
    assert table.written == "  NAME      VALUE\n  read      2\n  rejected\n"


def test_a_terminal_gets_the_picture_with_its_foot() -> None:
    desk = Desk(format="table")
    desk.output.write_list(posts_module.POSTS_SPEC, [POST], foot=["more:  ttp list --after 41"])
    assert "ACCOUNTS" in desk.written
    assert desk.written.endswith("\nmore:  ttp list --after 41\n")


def test_a_foot_and_a_sentence_are_for_people_only() -> None:
    desk = Desk()
    desk.output.write_list(posts_module.DELETED_SPEC, [1], foot=["more"])
    desk.output.write_message("Deleted post 1")
    assert desk.written == "1\n"


def test_quiet_silences_sentences_and_notes_but_neither_data_nor_errors() -> None:
    desk = Desk(format="table", quiet=True)
    desk.output.write_message("Scheduled")
    desk.output.note("Nothing will publish")
    desk.output.line("data")
    desk.output.error(NotFound("no post 9"))
    assert desk.written == "data\n"
    assert desk.err.getvalue() == "ttp: error: no post 9\n"


def test_an_event_is_one_json_line_with_its_instants() -> None:
    desk = Desk(format="jsonl")
    desk.output.event({"at": AT, "event": "post.due", "post": 41})
    assert desk.written == '{"at": "2026-11-24T17:00:00Z", "event": "post.due", "post": 41}\n'


def test_a_note_goes_to_stderr_and_its_further_lines_are_indented() -> None:
    desk = Desk()
    desk.output.note("02:30 comes twice; took the first.\nFor the second:  ttp schedule 44 --at X")
    assert desk.written == ""
    assert desk.err.getvalue() == (
        "note: 02:30 comes twice; took the first.\n      For the second:  ttp schedule 44 --at X\n"
    )


@each(
    ("error", "text"),
    [
        (NotFound("no post 99", Hint("see", "ttp list")), "no post 99\n  see: ttp list\n"),
        (
            PastTime("9am is 4 h ago", Hint("try", "ttp schedule 44 --at 'tomorrow 9am'")),
            "9am is 4 h ago\n  try: ttp schedule 44 --at 'tomorrow 9am'\n",
        ),
        (
            ContentRefused(
                "instagram/me cannot take a post without media",
                Hint("try", "--media FILE"),
                Hint("try", "leave out --at"),
                problems=[
                    Problem("media", "none", "instagram/me cannot take a post without media", "instagram/me"),
                    Problem("content", "long", "281 of 280 characters", "x/me", "ttp edit 4 TEXT"),
                    Problem("content", "long", "x/you: 281 of 280", "x/you", "ttp edit 4 TEXT"),
                ],
            ),
            "instagram/me cannot take a post without media\n"
            "  x/me: 281 of 280 characters\n"
            "  x/you: 281 of 280\n"
            "  try: --media FILE\n"
            "  try: leave out --at\n"
            "  try: ttp edit 4 TEXT\n",
        ),
    ],
)
def test_an_error_is_a_sentence_and_ways_out_with_a_label(error: TtpError, text: str) -> None:
    desk = Desk()
    desk.output.error(error)
    assert desk.err.getvalue() == f"ttp: error: {text}"
    assert desk.written == ""


@pytest.mark.parametrize("format", ["json", "jsonl"])
def test_an_error_is_json_where_json_was_asked_for(format: str) -> None:
    desk = Desk(format=format)
    desk.output.error(NotFound("no post 99 ü", Hint("see", "ttp list")))
    assert json.loads(desk.err.getvalue()) == {
        "error": {
            "code": "not_found",
            "message": "no post 99 ü",
            "hint": "ttp list",
            "hints": ["ttp list"],
            "exit": 3,
            "problems": [],
        }
    }
    assert desk.err.getvalue().isascii()


def test_an_error_can_be_told_before_there_is_an_output() -> None:
    stream = io.StringIO()
    write_error(stream, UsageError("no"), json=False)
    assert stream.getvalue() == "ttp: error: no\n"


@each(
    ("format", "json", "jsonl", "terminal", "chosen"),
    [
        (None, False, False, True, "table"),
        (None, False, False, False, "tsv"),
        ("table", False, False, False, "table"),
        (None, True, False, True, "json"),
        (None, False, True, True, "jsonl"),
        ("json", True, False, True, "json"),
    ],
)
def test_the_format_follows_the_options_and_the_terminal(
    format: str | None, json: bool, jsonl: bool, terminal: bool, chosen: str
) -> None:
    assert chosen_format(format, json=json, jsonl=jsonl, is_terminal=terminal) == chosen


@each(("format", "json", "jsonl"), [("yaml", False, False), ("tsv", True, False), (None, True, True)])
def test_formats_that_are_unknown_or_contradict_each_other_are_refused(
    format: str | None, json: bool, jsonl: bool
) -> None:
    with pytest.raises(UsageError):
        chosen_format(format, json=json, jsonl=jsonl, is_terminal=True)


@each(
    ("flag", "environ", "terminal", "wanted"),
    [
        ("auto", {}, True, True),
        ("auto", {}, False, False),
        ("auto", {"NO_COLOR": "1"}, True, False),
        ("auto", {"NO_COLOR": ""}, True, True),
        ("auto", {"NO_COLOR": "1", "CLICOLOR_FORCE": "1"}, True, False),
        ("auto", {"CLICOLOR_FORCE": "1"}, False, True),
        ("auto", {"CLICOLOR_FORCE": "0"}, False, False),
        ("auto", {"FORCE_COLOR": "1", "TERM": "dumb"}, False, True),
        ("auto", {"CLICOLOR": "0"}, True, False),
        ("auto", {"CLICOLOR": "1"}, False, False),
        ("auto", {"TERM": "dumb"}, True, False),
        ("always", {"NO_COLOR": "1"}, False, True),
        ("never", {"FORCE_COLOR": "1"}, True, False),
    ],
)
def test_colour_follows_the_flag_then_the_variables_then_the_terminal(
    flag: str, environ: dict[str, str], terminal: bool, wanted: bool
) -> None:
    assert color_wanted(flag, environ, is_terminal=terminal) is wanted


def test_an_unknown_colour_flag_is_refused() -> None:
    with pytest.raises(UsageError):
        color_wanted("red", {}, is_terminal=True)


def test_colour_is_for_tables_alone() -> None:
    for format in ("tsv", "json", "jsonl"):
        desk = Desk(format=format, color=True)
        desk.output.write_list(posts_module.POSTS_SPEC, [POST])
        assert "\x1b" not in desk.written
    desk = Desk(format="table", color=True)
    desk.output.write_list(posts_module.POSTS_SPEC, [POST])
    assert "\x1b[1m41\x1b[0m" in desk.written


class Unread(io.StringIO):
    """A pipe whose reader has gone."""

    def write(self, text: str) -> int:
        raise BrokenPipeError(32, "Broken pipe")


def test_a_closed_pipe_stops_the_list_and_raises_nothing() -> None:
    read: list[int] = []

    def posts() -> Iterator[PostView]:
        for number in range(1000):
            read.append(number)
            yield PostView("x", id=number)

    output = Output(Unread(), io.StringIO(), now=lambda: NOW)
    output.write_list(posts_module.POSTS_SPEC, posts())
    output.line("more")
    assert output.closed
    assert len(read) == 1


def test_an_error_that_nobody_can_read_raises_nothing() -> None:
    write_error(Unread(), NotFound("x"), json=False)


def test_a_stream_of_another_encoding_gets_json_in_ascii() -> None:
    raw = io.BytesIO()
    output = Output(io.TextIOWrapper(raw, encoding="latin-1"), io.StringIO(), format="json", now=lambda: NOW)
    output.write_list(posts_module.POSTS_SPEC, [PostView("Grüße 日本")])
    assert json.loads(raw.getvalue().decode("ascii"))[0]["content"] == "Grüße 日本"


def test_a_stream_of_another_encoding_gets_escapes_in_tsv() -> None:
    raw = io.BytesIO()
    stream = escaping_stream(io.TextIOWrapper(raw, encoding="ascii"))
    output = Output(stream, io.StringIO(), format="tsv", now=lambda: NOW)
    output.write_list(posts_module.POSTS_SPEC, [PostView("caf\u00e9 \u65e5\udcff", id=1)])
    assert raw.getvalue() == b"1\tdraft\t\t\tcaf\\xe9 \\u65e5\\udcff\n"


def test_the_process_output_takes_its_streams_and_splits_the_fields(capsys: pytest.CaptureFixture[str]) -> None:
    output = output_of_process(fields="id, status", header=True, environ={}, now=lambda: NOW)
    output.write_list(posts_module.POSTS_SPEC, [DRAFT])
    assert capsys.readouterr().out == "id\tstatus\n44\tdraft\n"


def test_ascii_draws_pictures_with_ascii_signs_alone(capsys: pytest.CaptureFixture[str]) -> None:
    for ascii, plainly in ((True, True), (False, False)):
        output = output_of_process(format="table", ascii=ascii, environ={"LANG": "C.UTF-8"}, now=lambda: NOW)
        output.write_list(posts_module.POSTS_SPEC, [PostView("x" * 500, id=1)])
        assert capsys.readouterr().out.isascii() is plainly
