"""The address of a store: what is a secret in it, and how it is shown."""

from __future__ import annotations

from tests.rows import each
from ttp.domain.store_url import hide_password, is_store_url, passwords_in


@each(
    ("url", "shown", "secrets"),
    [
        ("postgresql://ttp@db/ttp", "postgresql://ttp@db/ttp", ()),
        ("postgresql:///ttp", "postgresql:///ttp", ()),
        ("postgresql://ttp:a%20b@db:5432/ttp", "postgresql://ttp@db:5432/ttp", ("a%20b", "a b")),
        ("postgresql://ttp@db/ttp?password=x&sslmode=disable", "postgresql://ttp@db/ttp?sslmode=disable", ("x",)),
        ("postgresql://ttp@db/ttp?sslpassword=x", "postgresql://ttp@db/ttp", ("x",)),
        ("postgresql:///ttp?options=-c%20a%3Db", "postgresql:///ttp?options=-c%20a%3Db", ()),
    ],
)
def test_an_address_is_shown_without_its_passwords_and_can_be_typed_again(
    url: str, shown: str, secrets: tuple[str, ...]
) -> None:
    assert hide_password(url) == hide_password(shown) == shown
    assert passwords_in(url) == secrets


@each(("text", "expected"), [("postgres://db/ttp", True), ("postgresql:db", False), ("mysql://db", False), ("", False)])
def test_only_addresses_of_postgresql_are_addresses_of_a_store(text: str, expected: bool) -> None:
    assert is_store_url(text) is expected
