"""What each account would get, as its network shows it: counted, cropped and marked, and nothing of it raw."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.media_bytes import png
from tests.pictures import picture
from tests.rows import each
from tests.server.pages.conftest import Person
from tests.server.pages.test_compose import EVIL, form
from ttp.domain.account import Account
from ttp.domain.media.image_fit import ImageForm
from ttp.domain.media.item import MediaItem
from ttp.domain.parts.cards import Card
from ttp.server.pages.pictures import crop, fold_text, mark_links
from ttp.server.pages.rendering import _environment
from ttp.services.attachments import media
from ttp.services.preview import AccountVersion, TextPart
from ttp.store import accounts


def previewed(person: Person, **fields: Any) -> str:
    return person.send("/compose/check", form(**fields)).text


def uploaded(person: Person, *sizes: tuple[int, int]) -> dict[str, list[str]]:
    """Upload pictures; the fields that attach them."""
    files = [("files", (f"{at}.png", png(*size, b"%d" % at))) for at, size in enumerate(sizes)]
    part = person("POST", "/compose/media", headers={"X-CSRF-Token": person.csrf}, files=files).text
    return {"media": [one.partition('"')[0] for one in part.split('name="media" value="')[1:]]}


def views(page: str) -> list[str]:
    """The parts of pictures that previews show."""
    preview = page.partition('<article class="pv')[2]
    return [one.partition('"')[0] for one in preview.split('viewBox="')[1:]]


def test_the_preview_counts_as_the_platform_does_and_says_a_refusal_once(ann: Person) -> None:
    assert "41 of 280" in previewed(ann, content="x" * 41)
    page = previewed(ann, content="x" * 281)
    preview = page.partition("</article>")[0]
    assert (preview.count("1 too many"), "note bad" in preview) == (1, False)
    assert ann.ttp.count("post") == 0


def test_no_text_of_others_reaches_a_preview_raw(ann: Person) -> None:
    page = previewed(ann, content=f"{EVIL} https://example.com/{EVIL} #{EVIL}", **{"variant:x/me": EVIL})
    assert "<script>" not in page
    assert "&lt;/textarea&gt;" in page
    card = Card("https://example.com/<b>", EVIL, EVIL, note=EVIL)
    version = AccountVersion(f"x/{EVIL}", (TextPart(EVIL, 1, 1, (), card),), None, EVIL)
    macros: Any = _environment().get_template("macros_media.html").module
    assert "<script>" not in macros.preview(version)


@pytest.mark.parametrize(
    ("sizes", "focus", "shown"),
    [
        ([(900, 900)], "", ["0 0 900 900"]),
        ([(900, 9000)], "0,1", ["0 7800 900 1200"]),
        ([(1600, 900)] * 4, "1,0", ["0 0 1600 900"] * 4),
        ([(1600, 900)] * 2, "1,0", ["800 0 800 900"] * 2),
        ([(1600, 900)] * 3, "1,0", ["800 0 800 900", "0 0 1600 900", "0 0 1600 900"]),
    ],
    ids=["alone", "too tall", "four", "two", "three"],
)
def test_pictures_are_laid_out_and_cropped_around_their_focus(
    ann: Person, sizes: list[tuple[int, int]], focus: str, shown: list[str]
) -> None:
    page = previewed(ann, focus=[focus] * len(sizes), **uploaded(ann, *sizes))
    assert views(page) == shown


def test_a_network_of_pictures_shows_them_in_the_shape_of_the_first_and_folds_the_text(ann: Person) -> None:
    with ann.ttp.database.writing() as db:
        accounts.save(db, Account("instagram", "me", connected=True), now=ann.ttp.clock.now())
    text = "word " * 40
    page = previewed(ann, content=text, accounts=["instagram/me"], **uploaded(ann, (1200, 1200), (1600, 1200)))
    assert views(page) == ["0 0 1200 1200", "200 0 1200 1200"]
    assert page.count("<summary>") == 1
    assert "200 of 2" in page


def test_a_picture_is_converted_once_for_all_checks(ann: Person, monkeypatch: pytest.MonkeyPatch) -> None:
    with ann.ttp.database.writing() as db:
        accounts.save(db, Account("instagram", "me", connected=True), now=ann.ttp.clock.now())
    made, convert = list[MediaItem](), media._convert

    def counting(file: Path, item: MediaItem, image_form: ImageForm) -> bytes:
        made.append(item)
        return convert(file, item, image_form)

    monkeypatch.setattr(media, "_convert", counting)
    files = {"files": ("a.png", picture("PNG", (640, 640)))}
    part = ann("POST", "/compose/media", headers={"X-CSRF-Token": ann.csrf}, files=files).text
    name = part.partition('name="media" value="')[2].partition('"')[0]
    for _ in range(2):
        assert views(previewed(ann, accounts=["instagram/me"], media=[name]))
    assert len(made) == 1


@each(
    ("text", "html"),
    [
        ("a <b> https://www.example.com/a?b=1&c", "a &lt;b&gt; <em>example.com/a?b=1&amp;c</em>"),
        ("#one, @ann.example. a@b.example x/#y", "<em>#one</em>, <em>@ann.example</em>. a@b.example x/#y"),
        (f"https://example.com/{'a' * 60}", f"<em>example.com/{'a' * 27}…</em>"),
    ],
)
def test_links_tags_and_names_are_marked(text: str, html: str) -> None:
    assert mark_links(text) == html


def test_texts_fold_between_words_and_crops_take_any_focus() -> None:
    assert fold_text("one two three", 8) == ("one two", " three")
    assert fold_text("x" * 9, 8) == ("x" * 8, "x")
    assert fold_text("one", 0) == ("one", "")
    assert crop("100x50", 1, 1, "not a focus").view == "25 0 50 50"
    assert crop("0x50; evil", 4, 5).view == "0 0 400 500"
