"""Bar charts: what they draw of any numbers."""

from __future__ import annotations

from xml.etree import ElementTree as Xml

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ttp.views.charts import Bar, bar_chart, join_bars

BARS = st.lists(
    st.builds(Bar, st.sampled_from(["1 Nov", '<b> & "x"']), st.integers(0, 10**9), st.none() | st.integers(0, 10**9)),
    max_size=40,
)


@given(BARS, st.sampled_from([(1000, 280), (340, 220)]))
def test_all_is_inside_the_picture_and_in_proportion(bars: list[Bar], size: tuple[int, int]) -> None:
    width, height = size
    root = Xml.fromstring(bar_chart("Engagement <per> day", bars, width=width, height=height))  # noqa: S314 (own)
    drawn = root.findall("rect")
    highest = max((bar.value for bar in bars), default=0)
    base = height - 26
    tallest = max((float(one.attrib["height"]) for one in drawn), default=0.0)
    for bar, one in zip(bars, drawn, strict=True):
        x, y, wide, high = (float(one.attrib[name]) for name in ("x", "y", "width", "height"))
        assert 0 <= x <= x + wide <= width
        assert 0 <= y <= base
        assert y + high == pytest.approx(base, abs=0.11)
        assert high == pytest.approx(tallest * bar.value / highest if highest else 0, abs=0.2)
        assert ("top" in one.attrib["class"]) is (bar.value == highest > 0)
    marks = [text.text or "" for text in root.findall("text")][: len(root.findall("path[@class='axis']"))]
    scale = [int(mark.replace(",", "")) for mark in marks]
    assert scale == sorted(scale)
    assert scale[-1] >= max([0, highest, *(bar.before or 0 for bar in bars)])
    assert 2 <= len(scale) <= 6


@given(BARS, st.integers(1, 8))
def test_joined_bars_have_the_same_sum(bars: list[Bar], most: int) -> None:
    joined = join_bars(bars, most) if bars else []
    assert len(joined) <= most
    assert sum(bar.value for bar in joined) == sum(bar.value for bar in bars)
    assert sum(bar.before or 0 for bar in joined) == sum(bar.before or 0 for bar in bars)
