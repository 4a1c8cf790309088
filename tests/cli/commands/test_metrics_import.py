"""`ttp metrics import` of exports and JSON, its options, and `ttp metrics summary`."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from tests.conftest import Program
from tests.domain.metrics.ingest import exports
from tests.domain.metrics.ingest.exports import META, OLD_X, TIKTOK, X, table, tiktok_id, x_id
from ttp.domain.metrics.sample import Sample

AT = datetime(2026, 9, 16, 14, 5, tzinfo=UTC)
ONE = Sample("instagram/shop", "17912345678901234", AT, AT, 1234, 56, 7, 89012, 3, 4567, "video", "Hi, you")
OWN = "account,remoteId,publishedAt,observedAt,likes,comments,shares,views\n"
ROW = "x/me,1,2026-11-01T10:00Z,2026-11-02T10:00Z,1,2,3,40\n"


def meta(*posts: Sample, zone: str = "America/Los_Angeles") -> str:
    return table(
        META,
        [exports.meta_row(replace(one, published_at=one.published_at.astimezone(ZoneInfo(zone)))) for one in posts],
    )


def listed(ttp: Program) -> list[dict[str, object]]:
    found: list[dict[str, object]] = ttp("metrics", "list", "--json").json
    return found


def posts(many: int) -> Iterator[Sample]:
    for n in range(many):
        yield replace(ONE, remote_id=str(17 * 10**15 + n), published_at=AT + timedelta(hours=n), likes=n)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16"])
def test_metas_export_is_read_by_the_clock_that_is_named(ttp: Program, encoding: str) -> None:
    ran = ttp("metrics", "import", "-", "--tz", "America/Los_Angeles", "--json", stdin=meta(ONE).encode(encoding))
    assert (ran.code, ran.json["inserted"]) == (0, 1)
    assert "instagram/shop" in ran.err
    assert listed(ttp) == [
        {
            "account": "instagram/shop",
            "remoteId": "17912345678901234",
            "publishedAt": "2026-09-16T14:05:00Z",
            "observedAt": "2026-11-24T12:00:00Z",
            **{"likes": 1234, "comments": 56, "shares": 7, "views": 89012, "saves": 3, "reach": 4567},
            "kind": "video",
            "text": "Hi, you",
        }
    ]


def test_tiktok_and_x_need_no_zone_where_the_ids_tell_the_time(ttp: Program) -> None:
    tiktok = replace(ONE, account="tiktok/shop", remote_id=tiktok_id(AT))
    x = replace(ONE, account="x/shop", remote_id=x_id(AT))
    ttp.ok("metrics", "import", "-", stdin=table(TIKTOK, [exports.tiktok_row(tiktok, "%B %d")], "\t"))
    ttp.ok("metrics", "import", "-", stdin=table(X, [exports.x_row(x)], ";"))
    ttp.ok("metrics", "import", "-", stdin=table(OLD_X, [exports.old_x_row(replace(x, remote_id=x_id(AT, 1)))]))
    assert {one["publishedAt"] for one in listed(ttp)} == {"2026-09-16T14:05:00Z"}
    assert sorted({str(one["account"]) for one in listed(ttp)}) == ["tiktok/shop", "x/shop"]


def test_times_without_a_zone_are_refused_with_the_command(ttp: Program) -> None:
    ran = ttp("metrics", "import", "-", stdin=meta(ONE))
    assert (ran.code, ran.out) == (2, "")
    assert "--tz Europe/Berlin" in ran.err
    assert not ttp.home.exists()


@pytest.mark.parametrize(
    "text",
    [
        *("Date,Impressions,Likes\n2026-09-16,1,2\n", table(META, [exports.meta_row(ONE, day="2026-09-16")])),
        *("Post ID,Page ID,Publish time,Permalink,Reactions\n1,2,3,4,5\n", "name,email\na,b\n", "c," * 100_000),
        *('[{"name": 1}]', "[]", "[3]", "{"),
    ],
    ids=range(9),
)
def test_files_that_are_of_no_use_are_refused_as_a_whole(ttp: Program, text: str) -> None:
    ran = ttp("metrics", "import", "-", "--tz", "UTC", "--json", stdin=text)
    assert (ran.code, ran.out, ran.error["code"]) == (2, "", "usage")
    assert len(ran.err) < 2000
    assert not ttp.home.exists()


def test_what_was_listed_as_json_is_read_back(ttp: Program, tmp_path: Path) -> None:
    ttp.ok("metrics", "import", "-", stdin=OWN + ROW + ROW.replace("x/me,1", "ig/shop,2"))
    for form in ("--json", "--jsonl"):
        written = ttp("metrics", "list", form).out
        again = ttp("metrics", "import", "-", "--json", stdin=written).json
        assert (again["read"], again["unchanged"], again["rejected"]) == (2, 2, [])


def test_json_lines_reject_themselves_alone(ttp: Program) -> None:
    good = {
        "account": "x/me",
        "remoteId": "1",
        "publishedAt": "2026-11-01T10:00Z",
        "likes": 1,
        "comments": 0,
        "shares": 0,
    }
    lines = [
        {**good, "views": 3},
        {**good, "views": -1},
        {**good, "views": None, "remoteId": 2},
        {**good, "likes": [1]},
    ]
    ran = ttp("metrics", "import", "-", "--json", stdin="\n".join(map(json.dumps, lines)) + "\noops\n")
    assert (ran.code, ran.json["inserted"]) == (6, 2)
    assert [one["row"] for one in ran.json["rejected"]] == [2, 4, 5]
    assert [name in one["reason"] for name, one in zip(("views", "likes"), ran.json["rejected"], strict=False)] == [
        True
    ] * 2


def test_json_of_one_account_may_leave_it_out(ttp: Program) -> None:
    one = {"remoteId": "1", "publishedAt": "2026-11-01T10:00Z", "likes": 1, "comments": 0, "shares": 0, "views": 2}
    ttp.ok("metrics", "import", "-", "--account", "x/me", stdin=json.dumps([one]))
    assert listed(ttp)[0]["account"] == "x/me"


def test_the_account_may_be_named_and_rows_of_another_are_rejected(ttp: Program) -> None:
    without = "remoteId,publishedAt,likes,comments,shares,views\n1,2026-11-01T10:00Z,1,2,3,40\n"
    assert ttp("metrics", "import", "-", stdin=without).code == 2
    ttp.ok("metrics", "import", "-", "--account", "x/me", stdin=without)
    ran = ttp(
        "metrics", "import", "-", "--account", "twitter/@Me", "--json", stdin=OWN + ROW + ROW.replace("x/me", "x/you")
    )
    (rejected,) = ran.json["rejected"]
    assert (ran.code, [name in rejected["reason"] for name in ("x/you", "x/Me")]) == (6, [True, True])
    assert "ttp metrics import - --json" in ran.err
    assert ttp("metrics", "import", "-", "--account", "me", stdin=without).code == 2


def test_columns_may_be_mapped(ttp: Program) -> None:
    text = "Who;When;Id;a=b\nx/me;16.09.2026 16:05;1;1.234\n"
    mapped = ["--map", "Who=account", "--map", "when=publishedAt", "--map", "Id=remoteId", "--map", "a=b=likes"]
    ttp.ok("metrics", "import", "-", *mapped, "--tz", "Europe/Berlin", stdin=text)
    assert (listed(ttp)[0]["likes"], listed(ttp)[0]["publishedAt"]) == (1234, "2026-09-16T14:05:00Z")
    for bad in ("likes", "=likes", "Id="):
        ran = ttp("metrics", "import", "-", "--map", bad, stdin=text)
        assert (ran.code, f'"{bad}"' in ran.err) == (2, True)


def test_the_order_of_day_and_month_may_be_named(ttp: Program) -> None:
    row = exports.meta_row(replace(ONE, published_at=datetime(2026, 3, 4, 10, tzinfo=UTC)))
    row[META.index("Permalink")] = ""
    ran = ttp("metrics", "import", "-", "--tz", "UTC", "--json", stdin=table(META, [row]))
    reason = ran.json["rejected"][0]["reason"]
    assert (ran.code, [day in reason for day in ("3 April", "4 March")]) == (6, [True, True])
    ttp.ok("metrics", "import", "-", "--tz", "UTC", "--dates", "dmy", stdin=table(META, [row]))
    assert listed(ttp)[0]["publishedAt"] == "2026-04-03T10:00:00Z"
    assert ttp("metrics", "import", "-", "--dates", "ymd", stdin=table(META, [row])).code == 2


def test_format_names_the_source_or_the_output(ttp: Program) -> None:
    assert ttp("metrics", "import", "-", "--format", "json", stdin=OWN + ROW).json["inserted"] == 1
    assert ttp("metrics", "import", "-", "--format", "own", "--json", stdin=OWN + ROW).json["unchanged"] == 1
    for source in ("x", "myspace"):
        assert ttp("metrics", "import", "-", "--format", source, stdin=OWN + ROW).code == 2


def test_a_dry_run_shows_what_would_be_read(ttp: Program) -> None:
    ran = ttp(
        "metrics", "import", "-", "--dry-run", "--tz", "UTC", "--format", "table", stdin=meta(*posts(20), zone="UTC")
    )
    assert ran.code == 0
    assert ran.out.startswith("Meta Business Suite")
    assert "  Publish time      ->  publishedAt\n" in ran.out
    assert "  ignored: Account ID, Account name, Duration (sec), Data comment, Follows\n" in ran.out
    assert "  instagram/shop  17000000000000002  2026-09-16 16:05:00 UTC  likes 2  comments 56" in ran.out
    told = ttp("metrics", "import", "-", "--dry-run", "--json", stdin=OWN + ROW).json
    assert list(told) == ["read", "inserted", "updated", "unchanged", "rejected", "source", "columns", "rows"]
    assert (told["source"], told["columns"][1]) == ("own", {"column": "remoteId", "field": "remoteId"})
    assert told["rows"][0]["views"] == 40
    assert not ttp.home.exists()


def test_hostile_rows_are_told_and_not_stored(ttp: Program) -> None:
    big = "y" * (1 << 20)
    rows = [
        *("x/me,1\n", ROW.replace("40", "NaN"), ROW.replace("40", "-4"), ROW.replace("40", "9" * 400)),
        *(
            ROW.replace("40", '"4\0"'),
            ROW.replace(",40", f",{big}"),
            ROW.replace("x/me", ""),
            "," * 200_000 + "\n",
            "\n",
        ),
    ]
    ran = ttp("metrics", "import", "-", "--json", stdin=OWN + "".join(rows) + ROW)
    assert (ran.code, ran.json["inserted"], ttp.count("sample")) == (6, 1, 1)
    assert [one["row"] for one in ran.json["rejected"]] == [2, 3, 4, 5, 6, 7, 8]
    assert len(ran.err) < 3000


@pytest.mark.slow
def test_unknown_columns_are_named_but_not_all_of_200_000(ttp: Program) -> None:
    ran = ttp(
        "metrics",
        "import",
        "-",
        stdin=OWN.replace("\n", ",m" * 200_000 + "\n") + ROW.replace("\n", ",1" * 200_000 + "\n"),
    )
    assert ran.code == 0
    assert "199990" in ran.err
    assert len(ran.err) < 2000


def test_a_stop_in_the_middle_leaves_whole_batches_and_says_which(
    ttp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ttp.services.metrics.imports.BATCH", 1)
    batches = 0

    def by_key(row: tuple[str, ...]) -> str:
        nonlocal batches
        batches += row[0].endswith("000")
        if batches == 3:  # inside the transaction
            batches = -5000  # and never again
            signal.raise_signal(signal.SIGINT)
        return row[0]

    monkeypatch.setattr("ttp.store.metrics.samples._BY_KEY", by_key)
    rows = "".join(ROW.replace("me,1", f"me,{n}") for n in range(5000))
    ran = ttp("metrics", "import", "-", stdin=OWN + rows)
    stored = ttp.count("sample")
    assert (ran.code, ran.out) == (130, "")
    assert 0 < stored < 5000
    assert f"{stored} rows" in ran.err
    assert ttp("metrics", "import", "-", "--json", stdin=OWN + rows).json["unchanged"] == stored


def test_a_stop_before_anything_was_stored_says_so(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("ttp.services.metrics.imports.open_export", stop)
    ran = ttp("metrics", "import", "-", stdin=OWN + ROW)
    assert (ran.code, ttp.count("sample")) == (130, 0)


def test_the_summary_adds_up_the_newest_sample_of_each_post(ttp: Program) -> None:
    assert ttp("metrics", "summary", "--json").json == []
    later = ROW.replace("11-02", "11-03").replace(",40", ",50")
    other = ROW.replace("x/me,1", "x/me,2").replace("11-01", "10-30").replace(",1,2,3,40", ",9007199254740992,,,1")
    ttp.ok("metrics", "import", "-", stdin=OWN + ROW + later + other + ROW.replace("x/me", "ig/shop"))
    me = {
        "account": "x/me",
        "posts": 2,
        "samples": 3,
        "from": "2026-10-30T10:00:00Z",
        "to": "2026-11-01T10:00:00Z",
        "observedAt": "2026-11-03T10:00:00Z",
        **{"likes": 9007199254740993, "comments": 2, "shares": 3, "views": 51, "saves": None, "reach": None},
    }
    assert ttp("metrics", "summary", "--account", "x/me", "--json").json == [me]
    assert [one["account"] for one in ttp("metrics", "summary", "--json").json] == ["instagram/shop", "x/me"]
    assert ttp("metrics", "summary", "--header").rows[0] == [*list(me)[:10]]
    assert ttp("metrics", "summary", "--jsonl", "--fields", "posts").out == '{"posts": 1}\n{"posts": 2}\n'
    picture = ttp("metrics", "summary", "--format", "table").out
    assert "ACCOUNT" in picture.splitlines()[0]
    assert "9,007,199,254,740,993" in picture
    ttp.account("x/none")
    assert ttp("metrics", "summary", "--account", "x/none", "--json").json[0]["likes"] is None
    assert ttp("metrics", "summary", "--account", "x/nobody").code == 3


def test_sums_may_be_longer_than_the_databases_own_numbers(ttp: Program) -> None:
    most = 2**53
    rows = "".join(ROW.replace("x/me,1", f"x/me,{n}").replace(",40", f",{most}") for n in range(1100))
    ttp.ok("metrics", "import", "-", stdin=OWN + rows)
    assert ttp("metrics", "summary", "--json").json[0]["views"] == 1100 * most
