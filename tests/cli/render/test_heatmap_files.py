"""Heat maps in files: well formed, whole by themselves, readable in light and dark, told to those who do not see."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from html.parser import HTMLParser
from xml.etree import ElementTree as Xml

import pytest

from tests.cli.recommended import NOTHING, told
from ttp.cli.render.heatmap import BEST, heatmap_html, heatmap_svg
from ttp.domain.optimal.recommendation import Evidence, Recommendation
from ttp.views.heatmap import DARK, LIGHT, Colors

SVG = "{http://www.w3.org/2000/svg}"
OUTSIDE = re.compile(r"(?:src|href|url|import|xlink)\s*[=(\s]", re.IGNORECASE)
VOID = {"meta"}


def svg(*all_told: Recommendation) -> Xml.Element:
    return Xml.fromstring(heatmap_svg(all_told))  # noqa: S314 (ttp wrote it)


def roles(root: Xml.Element, role: str) -> list[Xml.Element]:
    return [element for element in root.iter() if element.get("role") == role]


def text(element: Xml.Element | None) -> str:
    assert element is not None
    return "".join(element.itertext())


class Page(HTMLParser):
    """The tags of a page, which must be closed in order, and the texts of its cells."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def all(self, tag: str) -> list[dict[str, str | None]]:
        return [attrs for name, attrs in self.tags if name == tag]


def test_the_svg_has_a_title_a_description_and_a_table_of_named_cells() -> None:
    root = svg(told())
    named = {element.get("id", ""): element for element in root if element.get("id")}
    assert root.get("aria-labelledby") == " ".join(named) == "title description"
    assert text(named["title"]) == "Best hours to post: instagram/roastery"
    assert "Best hours: 18:00, 17:00, 19:00, 16:00, 20:00. Strong evidence" in text(named["description"])
    assert len(roles(root, "table")) == 1
    assert [len(roles(root, role)) for role in ("row", "columnheader", "rowheader", "cell")] == [8, 24, 7, 168]
    for cell in roles(root, "cell"):
        assert re.fullmatch(
            r"\w+day \d\d:00: [+-]?\d+ % \(.*\), \d posts?, \d+ % chance to be in your top 10.*", text(cell[0])
        )
        assert re.fullmatch(r"[+-]?\d+", text(cell.find(f"{SVG}text")))


def test_the_ten_best_and_the_empty_slots_are_marked() -> None:
    root = svg(told())
    assert sum(text(element) == BEST for element in root.iter(f"{SVG}text")) == 10
    assert sum(" one of the ten best" in text(cell[0]) for cell in roles(root, "cell")) == 10
    assert len(list(root.iter(f"{SVG}circle"))) + 10 >= sum(slot.data_points == 0 for slot in told().slots)


def test_the_page_names_the_best_hours_before_the_drawing() -> None:
    source = heatmap_html([told(), told(Evidence.THIN, account="x/me")])
    page = Page(source)
    assert len(page.all("svg")) == len(page.all("section")) == 2
    assert source.index("<strong>18:00, 17:00, 19:00, 16:00, 20:00</strong>") < source.index("<svg")
    assert sum(attrs.get("role") == "cell" for attrs in page.all("g")) == 336
    assert page.all("html") == [{"lang": "en"}]
    assert {"name": "viewport", "content": "width=device-width, initial-scale=1"} in page.all("meta")


@pytest.mark.parametrize("draw", [heatmap_svg, heatmap_html])
def test_every_colour_is_plain(draw: Callable[[Sequence[Recommendation]], str]) -> None:
    """Converters such as librsvg draw what has a CSS variable for a colour in black."""
    source = draw([told()])
    assert "var(" not in source
    for level in range(len(LIGHT.levels)):
        assert source.index(f".f{level} {{ fill: {LIGHT.levels[level][0]}") < source.index("prefers-color-scheme")


@pytest.mark.parametrize("draw", [heatmap_svg, heatmap_html])
def test_nothing_is_fetched_from_outside(draw: Callable[[Sequence[Recommendation]], str]) -> None:
    source = draw([told()])
    assert OUTSIDE.findall(source) == []
    assert set(re.findall(r"https?://[^\"\s]+", source)) <= {"http://www.w3.org/2000/svg"}
    assert "<script" not in source


def test_an_account_without_posts_and_no_account_at_all_are_said_so() -> None:
    assert "No measured posts yet." in text(svg(told(), NOTHING))
    assert "x/none: no measured posts yet." in text(svg(NOTHING))
    assert "No measured posts yet." in heatmap_html([NOTHING])
    Page(heatmap_html([NOTHING]))
    assert "No accounts yet." in text(svg())
    assert "No accounts yet." in heatmap_html([])


def test_each_account_has_a_place_of_its_own() -> None:
    one, two = svg(told()), svg(told(), told(account="x/me"))
    assert int(two.get("height", "0")) == 2 * int(one.get("height", "0"))
    assert two.get("viewBox") == f"0 0 {two.get('width')} {two.get('height')}"


def luminance(color: str) -> float:
    """WCAG 2.2, relative luminance."""
    parts = [int(color[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    lighter, darker = sorted((luminance(one), luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_every_text_can_be_read_on_its_ground(colors: Colors) -> None:
    texts = [(colors.ink, colors.page), (colors.soft, colors.page), *((ink, fill) for fill, ink in colors.levels)]
    assert {pair: round(contrast(*pair), 2) for pair in texts if contrast(*pair) < 4.5} == {}


@pytest.mark.parametrize("colors", [LIGHT, DARK], ids=["light", "dark"])
def test_levels_differ_without_seeing_the_colours(colors: Colors) -> None:
    away = [abs(luminance(fill) - luminance(colors.page)) for fill, _ in colors.levels]
    assert away == sorted(away)
    assert contrast(colors.levels[0][0], colors.levels[-1][0]) > 5


def test_a_narrow_page_has_a_table_with_the_days_side_by_side() -> None:
    page = Page(heatmap_html([told(), NOTHING]))
    kinds = [str(cell["class"]) for cell in page.all("td")]
    assert (len(kinds), sum(kind.endswith("best") for kind in kinds)) == (7 * 24, 10)
    assert [cell["scope"] for cell in page.all("th")[1:]] == ["col"] * 7 + ["row"] * 24
    assert len(page.all("svg")) == 1  # none without data
    source = heatmap_html([told()])
    assert ".wide { display: none; }" in source
    assert "min-width" not in source
