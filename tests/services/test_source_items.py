"""What a release gives to a post."""

from __future__ import annotations

from ttp.domain.feeds.item import FeedItem
from ttp.domain.source import Source
from ttp.services.sources.items import content_of_item, default_text, template_values

RELEASE = FeedItem(
    "1", "https://example.org/v2.1.0", "Kettle 2.1", text="Faster, thanks to @ann.", version="v2.1.0", prerelease=False
)


def test_a_release_names_its_project_and_version() -> None:
    source = Source("github:owner/kettle", (1,), name="owner/kettle")
    content = content_of_item(RELEASE)
    assert default_text(source, content) == "kettle v2.1.0 is out.\n\nhttps://example.org/v2.1.0"
    values = template_values(source, content)
    assert values["project"] == {"name": "kettle"}
    assert values["release"] == {
        "tag": "v2.1.0",
        "version": "2.1.0",
        "name": "Kettle 2.1",
        "url": "https://example.org/v2.1.0",
        "notes": "Faster, thanks to ann.",
        "prerelease": False,
        "published": None,
    }


def test_a_long_title_is_cut_so_that_the_link_fits_everywhere() -> None:
    source = Source("https://example.org/feed", (1,))
    for letter in ("word ", "漢字"):
        text = default_text(source, content_of_item(FeedItem("1", "https://example.org/1", letter * 400)))
        head, _, link = text.partition("\n\n")
        assert link == "https://example.org/1"
        assert head.endswith("…")
        assert 90 < len(head) <= 200
