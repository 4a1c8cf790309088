"""The counts of a post are named in `ttp.domain.metrics.sample`; classes that have them have all, in the same order."""

from __future__ import annotations

from typing import Any

from tests.rows import each
from ttp.domain.metrics.report import Totals
from ttp.domain.metrics.sample import COUNTS, MAIN_COUNTS, Sample, Total
from ttp.domain.post import Metrics
from ttp.platforms import metrics_reader
from ttp.store.models import SampleRow
from ttp.views import answers, number_answers


@each(
    ("shape", "counts"),
    [
        *((shape, COUNTS) for shape in (Sample, Total, SampleRow, metrics_reader.Counts, number_answers.CountsAnswer)),
        *((shape, MAIN_COUNTS) for shape in (Metrics, Totals, answers.MainCounts, answers.PostAnswer)),
        (number_answers.ReportChange, MAIN_COUNTS),
    ],
)
def test_every_class_with_counts_has_all_of_them(shape: Any, counts: tuple[str, ...]) -> None:
    assert tuple(name for name in shape.__annotations__ if name in COUNTS) == counts
