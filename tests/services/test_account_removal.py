"""Removing an account: forgotten first, then taken back at the platform, which never undoes the removal."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.clock import FakeClock
from tests.platforms.factories import PLATFORMS
from tests.services.logins import Shop
from tests.settings import Config
from ttp.domain.account import Credentials
from ttp.domain.action import action
from ttp.domain.errors import PartlyFailed
from ttp.domain.publishing.outcome import Kind, NotDone
from ttp.services.accounts import Accounts, RemovalResult
from ttp.store.credentials import BackendUnavailable


@pytest.fixture
def shop(tmp_path: Path, clock: FakeClock) -> Shop:
    made = Shop(tmp_path / "home", clock)
    made.add()
    return made


def leave(shop: Shop, name: str = "x/me") -> RemovalResult:
    accounts = Accounts(shop.database, shop.credentials, shop.login, shop.clock, shop.config, PLATFORMS)
    return accounts.remove(name, cancel=False)


def test_the_token_is_given_back_after_the_account_is_forgotten(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    there: list[object] = []
    revoke = shop.x.revoke

    def noting(credentials: Credentials) -> NotDone | None:
        there.append(shop.credentials.get("x/me"))
        return revoke(credentials)

    monkeypatch.setattr(shop.x, "revoke", noting)
    left = leave(shop)
    assert (left.access or "").startswith("X ")
    assert there == [None]
    assert [held.refresh_token for held in shop.x.revoked] == ["refresh-0"]


def test_a_platform_that_refuses_undoes_nothing_and_the_way_by_hand_is_told(shop: Shop) -> None:
    shop.x.keeps = NotDone(Kind.NETWORK, "no connection to api.x.com", passing=True)
    left = leave(shop)
    assert all(fact in (left.access or "") for fact in ("no connection to api.x.com", "in the settings"))
    assert shop.credentials.get("x/me") is None


def test_an_account_without_credentials_has_nothing_to_give_back(shop: Shop) -> None:
    shop.credentials.remove("x/me")
    assert leave(shop).access is None
    assert shop.x.revoked == []


def test_a_token_that_another_account_uses_is_kept(shop: Shop) -> None:
    shop.add("x/twin")
    left = leave(shop)
    assert left.access is not None
    assert "x/twin may use the same login" in left.access
    assert shop.x.revoked == []


def test_another_account_of_the_same_app_matters_where_all_of_them_would_lose_access(shop: Shop) -> None:
    facebook = shop.logins["instagram"]
    shop.config = Config({"platforms.instagram.login": "facebook"})
    for name in ("instagram/one", "instagram/two"):
        shop.add(name, host="graph.facebook.com", access_token=f"page-{name}", refresh_token=None)
    assert (leave(shop, "instagram/one").access or "").startswith("Instagram ")
    shop.add("instagram/one", host="graph.facebook.com", access_token="page-one", refresh_token=None)
    facebook.revokes_all = True
    left = leave(shop, "instagram/one")
    assert left.access == (
        "ttp's access was not revoked: instagram/two may use the same login\nto revoke it yourself, in the settings"
    )
    assert (leave(shop, "instagram/two").access or "").startswith("Instagram ")


@pytest.mark.parametrize(("by_app", "revoked"), [(True, False), (False, True)])
def test_an_account_whose_entry_cannot_be_read_counts_where_all_would_lose_access(
    shop: Shop, by_app: bool, revoked: bool
) -> None:
    shop.add("x/broken")
    file = shop.home / "credentials.json"
    file.write_text(file.read_text().replace('"x/broken": {', '"x/broken": {"userId": 7,'))
    shop.x.revokes_all = by_app
    assert (leave(shop).access or "").startswith("X ") is revoked


def test_credentials_of_another_host_are_not_sent_to_be_taken_back(shop: Shop) -> None:
    shop.add(host="127.0.0.1")
    left = leave(shop)
    assert left.access is not None
    assert "TTP_PLATFORMS__X__BASE_URL" in left.access
    assert shop.x.revoked == []


def test_an_entry_that_cannot_be_read_is_removed_and_nothing_is_asked(shop: Shop) -> None:
    file = shop.home / "credentials.json"
    file.write_text(file.read_text().replace('"x/me": {', '"x/me": {"userId": 7,'))
    assert leave(shop).access is None
    assert shop.credentials.get("x/me") is None


def test_a_place_of_tokens_that_does_not_answer_refuses_the_removal(
    shop: Shop, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(account: str) -> None:
        raise BackendUnavailable("it is locked")

    with monkeypatch.context() as patch:
        patch.setattr(shop.credentials, "get", away)
        with pytest.raises(BackendUnavailable):
            leave(shop)
    assert shop.account().connected
    monkeypatch.setattr(shop.credentials, "remove", away)
    with pytest.raises(PartlyFailed, match="x/me") as partly:
        leave(shop)
    assert [hint.way for hint in partly.value.hints] == [
        action("account add", "x/me"),
        action("account remove", "x/me"),
    ]
    assert shop.x.revoked == []
