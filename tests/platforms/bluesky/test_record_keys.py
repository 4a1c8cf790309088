"""Bluesky: record keys and content ids."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest

from tests.rows import each
from ttp.platforms.bluesky.record_keys import (
    DIGITS,
    TID,
    content_id,
    encode_cbor,
    encode_tid,
    fixed_key,
    is_content_id,
    is_key,
    new_keys,
)

AT = datetime(2026, 11, 27, 10, 0, 0, 123456, UTC)


def test_keys_hold_the_time_and_rise() -> None:
    keys = new_keys(AT, 24)
    assert list(keys) == sorted(set(keys))
    assert all(re.fullmatch(TID, key) for key in keys)
    number = 0
    for digit in keys[0]:
        number = number << 5 | DIGITS.index(digit)
    assert number >> 10 == int(AT.timestamp()) * 1_000_000 + 123_456


def test_keys_made_at_the_same_instant_differ() -> None:
    assert len({new_keys(AT, 1)[0] for _ in range(50)}) > 30


def test_a_fixed_key_is_of_its_names_and_of_its_second() -> None:
    key = fixed_key(AT, "acme/widget@v1", "did:plc:a")
    assert is_key(key)
    assert key == fixed_key(AT, "acme/widget@v1", "did:plc:a")
    assert new_keys(AT.replace(microsecond=0), 1)[0][:5] == key[:5]
    others = [fixed_key(AT, "acme/widget@v1did", ":plc:a"), fixed_key(AT, "acme/widget@v2", "did:plc:a")]
    others.append(fixed_key(AT + timedelta(seconds=1), "acme/widget@v1", "did:plc:a"))
    assert len({key, *others}) == 4
    assert others[-1] > key


def test_the_smallest_and_the_largest_key() -> None:
    assert (encode_tid(0), encode_tid((1 << 63) - 1)) == ("2" * 13, "b" + "z" * 12)
    assert not any(map(is_key, ("ttp-42-7", "", None, "z" * 13, "2" * 12)))


@each(
    ("value", "encoded"),
    [
        (None, "f6"),
        (True, "f5"),
        (False, "f4"),
        (0, "00"),
        (23, "17"),
        (24, "1818"),
        (256, "190100"),
        (1 << 16, "1a00010000"),
        (1 << 32, "1b0000000100000000"),
        (-1, "20"),
        ("é", "62c3a9"),
        ([1, [2]], "82018102"),
        ({"bb": 1, "a": 2, "aa": 3}, "a3616102626161036262620 1".replace(" ", "")),
        ({"$link": "bafkqabtimvwgy3yk"}, "d82a4b000155000668656c6c6f0a"),
    ],
)
def test_values_have_one_encoding(value: object, encoded: str) -> None:
    assert encode_cbor(value).hex() == encoded


@each("value", [1.5, {1}, 1 << 64, [object()]])
def test_what_no_record_can_hold_is_refused(value: object) -> None:
    with pytest.raises(ValueError):
        encode_cbor(value)


def test_a_content_id_depends_on_the_content_and_not_on_the_order_of_keys() -> None:
    one = content_id({"text": "a", "createdAt": "b"})
    assert one == content_id({"createdAt": "b", "text": "a"}) != content_id({"text": "a", "createdAt": "c"})
    assert is_content_id(one)
    assert not is_content_id("")
