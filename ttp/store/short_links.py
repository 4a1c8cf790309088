"""Short links, as the program in `links.shorten` gave them: it is asked once for each link."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from ttp.store.dialect import Connection, List, in_list


def find(db: Connection, links: Collection[str]) -> dict[str, str]:
    rows = db.execute(f"SELECT link, short FROM short_link WHERE {in_list('link', 'links')}", {"links": List(links)})
    return {row["link"]: row["short"] for row in rows.fetchall()}


def find_links(db: Connection, short: Collection[str]) -> dict[str, str]:
    """Return the links of those short ones that the program has given; one where it gave the same for several."""
    rows = db.execute(f"SELECT link, short FROM short_link WHERE {in_list('short', 'short')}", {"short": List(short)})
    return {row["short"]: row["link"] for row in rows.fetchall()}


def save(db: Connection, short: Mapping[str, str]) -> None:
    """Store short links by link. One that another process stored first stays."""
    db.send_many("INSERT INTO short_link (link, short) VALUES (?, ?) ON CONFLICT (link) DO NOTHING", short.items())
