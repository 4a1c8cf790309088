"""What the tests of the command line share: the model is asked once for each account that they make up."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

import pytest

from tests.conftest import keep_only
from ttp.domain.optimal import model, recommendation

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """With `--store postgresql` leave out what has no store, or names one in PostgreSQL itself."""
    if config.getoption("--store") == "postgresql":
        keep_only(config, items, [item for item in items if not item.path.is_relative_to(HERE) or _has_store(item)])


def _has_store(item: pytest.Item) -> bool:
    asked = set(item.fixturenames) if isinstance(item, pytest.Function) else set()
    return bool(asked & {"ttp", "tmp_path_factory"}) and "store_url" not in asked


@pytest.fixture(autouse=True, scope="session")
def estimated_once() -> Iterator[None]:
    """The estimate is a function of the posts alone (tests/domain holds it to that), and takes long under coverage."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(recommendation, "estimate", lru_cache(maxsize=500)(model.estimate.__wrapped__))
        yield
