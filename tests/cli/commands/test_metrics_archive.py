"""`ttp metrics import` of the archive that X sends: what it reads, and what it refuses."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.conftest import Program
from tests.domain.metrics.ingest.exports import x_id

AT = datetime(2026, 9, 16, 14, 5, tzinfo=UTC)
LINK = {"urls": [{"url": "https://t.co/a", "expanded_url": "https://example.org/a"}]}
VIDEO = {"media": [{"type": "video"}]}


def tweet(number: int, text: str, **more: object) -> object:
    post = {
        "id_str": x_id(AT + timedelta(hours=number)),
        "full_text": text,
        "favorite_count": "5",
        "retweet_count": "2",
    }
    return {"tweet": {**post, **more}}


POSTS = [
    tweet(0, "One\n&amp; two https://t.co/a", entities=LINK),
    tweet(1, "A clip", extended_entities=VIDEO),
    tweet(2, "RT @ann: no post of mine"),
    tweet(3, "@ann a reply", in_reply_to_user_id_str="4"),
    {"tweet": {"id_str": "x"}},
]


def archive(posts: object = POSTS, handle: str = "me", folder: str = "", **files: str) -> bytes:
    out = io.BytesIO()
    account = [{"account": {"username": handle, "accountId": "77"}}]
    texts = {
        "account.js": f"window.YTD.account.part0 = {json.dumps(account)}",
        "manifest.js": 'window.__THAR_CONFIG = {"archiveInfo": {"generationDate": "2026-11-01T00:00:00.000Z"}}',
        "tweets.js": f"window.YTD.tweets.part0 = {json.dumps(posts, indent=2)}",
        **{name.replace("_", "."): text for name, text in files.items()},
    }
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as zipped:
        for name, text in texts.items():
            if text:
                zipped.writestr(f"{folder}data/{name}", text)
    return out.getvalue()


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "archive.zip"


@pytest.mark.parametrize("folder", ["", "twitter-2026-11-01/"])
def test_an_archive_is_read_without_replies_and_reposts(ttp: Program, file: Path, folder: str) -> None:
    file.write_bytes(archive(folder=folder))
    ran = ttp("metrics", "import", str(file), "--json")
    assert (ran.code, ran.json["read"], ran.json["inserted"], len(ran.json["rejected"])) == (6, 3, 2, 1)
    clip, one = ttp("metrics", "list", "--json").json
    assert [clip["kind"], one["kind"], one["likes"], one["shares"], one["comments"]] == ["video", "text", 5, 2, None]
    assert one["text"] == "One\n& two https://example.org/a"
    assert (one["account"], one["publishedAt"], one["observedAt"]) == (
        "x/me",
        "2026-09-16T14:05:00Z",
        "2026-11-01T00:00:00Z",
    )
    assert ttp("metrics", "import", str(file), "--json").json["unchanged"] == 2


@pytest.mark.parametrize(
    "content",
    [
        archive()[: len(archive()) // 2],
        archive(tweets_js=""),
        archive(account_js=""),
        archive(account_js="window.YTD.account.part0 = []"),
        archive(tweets_js='window.YTD.tweets.part0 = [{"tweet": {"id_str": "1"'),
        archive(tweets_js="[" + " " * 2_000_000),
        b"PK\x03\x04",
    ],
    ids=["half", "no posts", "no account", "nobody's", "broken JSON", "bomb", "begun"],
)
def test_what_is_not_a_whole_archive_is_refused(ttp: Program, file: Path, content: bytes) -> None:
    file.write_bytes(content)
    assert ttp("metrics", "import", str(file)).code == 2
    assert ttp("metrics", "list", "--json").json == []


def test_somebody_elses_archive_is_refused(ttp: Program, file: Path) -> None:
    file.write_bytes(archive())
    assert ttp("metrics", "import", str(file), "--account", "x/other").code == 2
    credentials = json.dumps({"accessToken": "t", "refreshToken": "r", "userId": "78"})
    ttp.ok("account", "add", "x/me", "--credentials", "-", stdin=credentials)
    ran = ttp("metrics", "import", str(file))
    assert (ran.code, "user 77" in ran.err, "user 78" in ran.err) == (2, True, True)
    assert ttp("metrics", "list", "--json").json == []


def test_an_archive_is_of_the_user_whatever_the_handle_is_now(ttp: Program, file: Path) -> None:
    credentials = json.dumps({"accessToken": "t", "refreshToken": "r", "userId": "77"})
    ttp.ok("account", "add", "x/renamed", "--credentials", "-", stdin=credentials)
    file.write_bytes(archive(POSTS[:2]))
    ttp.ok("metrics", "import", str(file))
    assert {one["account"] for one in ttp("metrics", "list", "--json").json} == {"x/renamed"}
