"""What the tests of the command line share: the model is asked once for each account that they make up."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import lru_cache

import pytest

from ttp.domain.optimal import model, recommendation
from ttp.domain.optimal.estimate import Estimate
from ttp.domain.optimal.features import PostFeatures


@pytest.fixture(autouse=True, scope="session")
def estimated_once() -> Iterator[None]:
    """The estimate is a function of the posts alone (tests/domain holds it to that), and takes long under coverage."""

    @lru_cache(maxsize=500)
    def known(posts: tuple[PostFeatures, ...]) -> Estimate:
        return model.estimate(posts)

    def estimate(posts: Sequence[PostFeatures]) -> Estimate:
        return known(tuple(posts))

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recommendation, "estimate", estimate)
        yield
