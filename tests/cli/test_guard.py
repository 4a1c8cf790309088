"""The guard warns of, or refuses, the same text for one account, and two posts of it at the same time."""

from __future__ import annotations

import pytest

from tests.clock import START
from tests.conftest import Program
from tests.drift.messages import ROOT, SNAPSHOT

SAME, CROWDED = (
    (ROOT / SNAPSHOT).read_text().partition(f"\n[{code}]\n")[2].partition("\n")[0]
    for code in ("content/same_text", "scheduledAt/crowded")
)


@pytest.fixture
def ttp(ttp: Program) -> Program:
    """A post for x/me on 1 December at nine."""
    for name in ("x/me", "x/other"):
        ttp.account(name)
    ttp.post("Fresh  Beans", "--to", "x/me", "--at", "2026-12-01 09:00")
    return ttp


def told(ttp: Program, text: str, at: str, *argv: str) -> list[str]:
    """What a new post is warned of."""
    post = ttp.ok("create", text, "--to", "x/me", "--at", at, "--json", *argv).json
    ttp.ok("delete", str(post["id"]))
    return [said for said in post["warnings"] if SAME in said or CROWDED in said]


def test_the_same_text_is_told_whatever_its_case_and_blanks_within_seven_days(ttp: Program) -> None:
    assert len(told(ttp, "fresh beans ", "2026-12-08 08:59")) == 1
    assert told(ttp, "fresh beans", "2026-12-08 09:00") == []
    assert len(told(ttp, "ＦＲＥＳＨ beans", "2026-11-25 09:00")) == 1
    assert told(ttp, "Other beans", "2026-12-02 09:00") == []
    assert told(ttp, "Other", "2026-12-02 09:00", "--text", "x/me=fresh beans") != []


def test_the_clock_is_that_of_the_settings_with_that_of_the_account(
    ttp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    (said,) = told(ttp, "Other", "2026-12-01T09:04Z", "--tz", "Asia/Tokyo")
    monkeypatch.setenv("TTP_TZ", "Europe/Berlin")
    assert said.endswith(": Tue 1 Dec 2026 09:00 UTC")
    assert told(ttp, "Other", "2026-12-01T09:04Z")[0].endswith(": Tue 1 Dec 2026 10:00 Europe/Berlin (09:00 UTC)")
    ttp.ok("account", "set", "x/me", "--tz", "Asia/Tokyo")
    both = ": Tue 1 Dec 2026 10:00 Europe/Berlin (18:00 Tokyo for x/me), 09:00 UTC"
    assert told(ttp, "Other", "2026-12-01T09:04Z")[0].endswith(both)


def test_two_posts_of_an_account_within_five_minutes_are_told(ttp: Program) -> None:
    assert len(told(ttp, "Other", "2026-12-01 09:04")) == 1
    assert told(ttp, "Other", "2026-12-01 08:56") != []
    assert told(ttp, "Other", "2026-12-01 09:05") == []


def test_another_account_a_draft_and_what_was_deleted_are_no_matter(ttp: Program) -> None:
    ran = ttp.ok("create", "Fresh beans", "--to", "x/other", "--at", "2026-12-01 09:00")
    assert SAME not in ran.err
    assert SAME not in ttp.ok("create", "Fresh beans", "--to", "x/me").err
    ttp.ok("delete", "1")
    assert told(ttp, "Fresh beans", "2026-12-01 09:00") == []


def test_a_post_is_not_compared_with_itself(ttp: Program) -> None:
    assert SAME not in ttp.ok("edit", "1", "fresh beans").err
    assert CROWDED not in ttp.ok("schedule", "1", "--at", "2026-12-01 09:01").err


@pytest.mark.parametrize("argv", [["--strict"], []])
def test_strict_refuses_and_stores_nothing(ttp: Program, argv: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    if not argv:
        monkeypatch.setenv("TTP_GUARD__STRICT", "true")
    made = ["Fresh beans", "--to", "x/me", "--at", "2026-12-02 09:00", *argv]
    refused = ttp("create", *made)
    assert (refused.code, SAME in refused.err, ttp.count("post")) == (2, True, 1)
    draft = ttp.post("Fresh beans", "--to", "x/me")
    assert ttp("schedule", str(draft), "--at", "2026-12-02 09:00", *argv).code == 2
    assert ttp("edit", str(draft), "--at", "2026-12-02 09:00", *argv).code == 2
    assert ttp.shown(draft)["status"] == "draft"


def test_how_near_is_too_near_is_a_setting(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TTP_GUARD__SAME_TEXT_S", "60")
    monkeypatch.setenv("TTP_GUARD__GAP_S", "0")
    assert told(ttp, "Fresh beans", "2026-12-01 09:02") == []
    assert told(ttp, "Fresh beans", "2026-12-01 09:00") != []
    monkeypatch.setenv("TTP_GUARD__SAME_TEXT_S", "0")
    assert told(ttp, "Fresh beans", "2026-12-01 09:00") == []


def test_posts_of_one_command_are_compared_with_each_other(ttp: Program) -> None:
    first, second = (ttp.post(text, "--to", "x/me") for text in ("One", "Two"))
    ran = ttp.ok("schedule", str(first), str(second), "--at", "2026-12-20 09:00")
    assert f"post {first} " in ran.err


def test_rows_of_one_file_are_compared_with_each_other(ttp: Program) -> None:
    sheet = "to,at,text\nx/me,2026-12-20 09:00,Tea\nx/me,2026-12-21 09:00,tea\nx/me,2026-12-21 09:03,Milk\n"
    ran = ttp("import", "-", "--strict", "--json", stdin=sheet)
    (problem,) = ran.error["problems"]
    assert (problem["field"], "3" in problem["message"].partition(":")[0]) == ("content", True)
    ran = ttp.ok("import", "-", "--json", stdin=sheet)
    found = [said for said in ran.json["warnings"] if SAME in said or CROWDED in said]
    assert [day in said for day, said in zip(("20 Dec", "21 Dec"), found, strict=True)] == [True, True]


def test_a_row_that_moves_away_is_compared_at_its_new_time_alone(ttp: Program) -> None:
    sheet = "key,to,at,text\na,x/me,2026-12-20 09:00,Tea\nb,x/me,2027-01-20 09:00,Tea\n"
    ttp.ok("import", "-", stdin=sheet)
    swapped = "key,to,at,text\na,x/me,2027-03-20 09:00,Tea\nb,x/me,2026-12-20 09:00,Tea\n"
    ttp.ok("import", "-", "--strict", stdin=swapped)
    assert ttp.shown(3)["scheduledAt"] == "2026-12-20T09:00:00Z"


def test_what_a_repeat_says_again_and_again_is_no_matter(ttp: Program, monkeypatch: pytest.MonkeyPatch) -> None:
    """The post itself, with its own time, and those that are created from it."""
    monkeypatch.setenv("TTP_GUARD__STRICT", "true")
    ttp.ok("repeat", "1", "--cron", "0 9 * * *", "--tz", "UTC", "--count", "9")
    other = ttp.post("Roast", "--to", "x/me", "--at", "2026-11-30 15:00")

    for post in ("1", "3"):
        ttp.ok("edit", post, "--tag", "news")
    assert ttp("edit", str(other), "fresh beans").code == 2, "it comes of no repeat"
    assert ttp("edit", "3", "Roast").code == 2, "that it does says nothing of other posts"


def test_a_published_post_is_near_to_no_other_but_its_text_still_counts(ttp: Program) -> None:
    ttp.bring(1, "published", remote_id="1", published_at=START)
    assert told(ttp, "Other", "2026-12-01 09:04") == []
    assert SAME in told(ttp, "Fresh beans", "2026-12-01 09:04")[0]
