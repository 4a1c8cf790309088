"""The templates of the documentation work, with all of their variables and with those alone that they need."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests import people
from tests.clock import START, FakeClock
from tests.docs.console import ROOT
from ttp.domain.account import Account
from ttp.domain.post_edit import PostInput
from ttp.domain.template import ALL_FILTERS, VARIABLES
from ttp.services.templates.samples import preview_template
from ttp.store import accounts
from ttp.store.database import Database

PAGE = (ROOT / "docs/how-to/templates.md").read_text(encoding="utf-8")
TEMPLATES = dict(re.findall(r"^### ([^\n]+)\n(?:(?!###).)*?^```markdown\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL))


def test_there_are_ten() -> None:
    assert len(TEMPLATES) == 10


@pytest.mark.parametrize("title", TEMPLATES)
def test_a_template_of_the_guide_fits_every_account(title: str, tmp_path: Path) -> None:
    database = Database(tmp_path / "home")
    with database.writing() as db:
        for name in ("x/me", "bluesky/me.example", "mastodon/me@example.org"):
            platform, _, handle = name.partition("/")
            accounts.save(db, Account(platform, handle), now=START)
    (database.home / "templates").mkdir()
    (database.home / "templates" / "one.md").write_text(TEMPLATES[title], encoding="utf-8")
    posts = people.posts_of(database, FakeClock())
    text = TEMPLATES[title]
    names = [name for name in ("notes", "first", "second", "people") if f"vars.{name}" in text]
    for values in (dict.fromkeys(names, "**Fast**. Good."), dict.fromkeys(names, "A word " * 120), {}):
        for sample in preview_template(posts, PostInput(template="one", vars=values)):
            versions = sample.preview.versions
            parts = [part for version in versions for part in version.parts]
            assert [len(version.parts) for version in versions] == 3 * [text.count("## thread") + 1]
            assert all(part.text.strip() and part.length <= part.limit for part in parts)
            assert not [part.text for part in parts if re.search(r"\{[{%]|\n{3}", part.text)]


def test_the_reference_has_every_filter_and_variable() -> None:
    page = (ROOT / "docs/reference/templates.md").read_text(encoding="utf-8")
    assert [name for name in (*ALL_FILTERS, *VARIABLES) if not re.search(rf"`{name}[`(.]", page)] == []
