"""What a page says about itself for a link card, and its picture."""

from __future__ import annotations

import builtins
from typing import Any

import pytest
from PIL import Image

from tests.pictures import RED, huge_png, noise, opened, picture, saved
from tests.rows import each
from ttp.platforms.link_page import MOST_PICTURE, LinkedPage, NoPicture, decode_page, fit_picture, read_page

URL = "https://example.org/menu/today"


@each(
    ("head", "page"),
    [
        ("", LinkedPage(URL, "")),
        ("<title>\n Menu &amp; more </title><title>Other</title>", LinkedPage("Menu & more", "")),
        (
            '<meta property="og:title" content="Today"><meta name="description" content="Tea">'
            '<meta property="og:image" content="../a.png"><title>Menu</title>',
            LinkedPage("Today", "Tea", "https://example.org/a.png"),
        ),
        ('<meta property="og:image" content="javascript:alert(1)">', LinkedPage(URL, "")),
        ('<meta property="og:image" content="https://me:pw@example.org/a.png">', LinkedPage(URL, "")),
        ("<title>" + "a" * 999, LinkedPage("a" * 300, "")),
        ("<meta property='og:title' content>", LinkedPage(URL, "")),
    ],
)
def test_the_head_of_a_page(head: str, page: LinkedPage) -> None:
    assert read_page(f"<html><head>{head}</head><body>Hi</body></html>", URL) == page


@each(
    ("body", "content_type", "text"),
    [
        ("Café".encode(), "text/html", "Café"),
        ("Café".encode(), "", "Café"),
        ("Café".encode("latin-1"), "text/html; charset=ISO-8859-1", "Café"),
        (b'<meta charset="iso-8859-15">' + "1 €".encode("iso-8859-15"), "text/html", '<meta charset="iso-8859-15">1 €'),
        (
            b"<meta http-equiv=content-type content='text/html; charset=windows-1251'>" + "Чай".encode("cp1251"),
            "",
            "<meta http-equiv=content-type content='text/html; charset=windows-1251'>Чай",
        ),
        ("お茶".encode("shift_jis"), 'text/html; charset="Shift_JIS"', "お茶"),
        ("お茶".encode("iso2022_jp"), "text/html; charset=iso-2022-jp", "お茶"),
        ("Tea €".encode("cp1252"), "text/html; charset=latin1", "Tea €"),  # as browsers read it
        ("お茶".encode("shift_jis"), "text/html; charset=x-sjis", "お茶"),
        ("Café".encode("utf-16"), "text/html", "Café"),
        ("<title>Café".encode("utf-16-le"), "text/html", "<title>Café"),
        ("<title>Café".encode("utf-16-be"), "text/html; charset=utf-16", "<title>Café"),
        ("Café".encode("utf-8-sig"), "text/html; charset=latin1", "Café"),
        # A charset that is not true, or is none.
        ("Café Müller".encode(), "text/html; charset=iso-8859-1", "Café Müller"),
        ("Café Müller".encode("latin-1"), "text/html; charset=utf-8", "Café Müller"),
        ("Café Müller".encode("latin-1"), "", "Café Müller"),
        ("Café Müller".encode() + b"\xff", "text/html; charset=utf-8", "Café Müller\ufffd"),
        ("Café".encode("latin-1"), "text/html; charset=zlib", "Café"),
        ("Café".encode("latin-1"), "text/html; charset=" + "x" * 5000, "Café"),
    ],
)
def test_the_characters_of_a_page(body: bytes, content_type: str, text: str) -> None:
    assert decode_page(body, content_type) == text


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_a_picture_that_fits_is_taken_as_it_is(kind: str) -> None:
    assert fit_picture(picture(kind)) == picture(kind)


@pytest.mark.parametrize("kind", ["WEBP", "AVIF", "GIF", "moving", "large"])
def test_any_other_picture_is_converted(kind: str) -> None:
    match kind:
        case "moving":
            more = [Image.new("RGB", (800, 800))]
            data = saved(Image.new("RGB", (800, 800), RED), "GIF", save_all=True, append_images=more)
        case "large":
            data = noise("PNG", (1000, 1000))
        case _:
            data = picture(kind)
    made = fit_picture(data)
    assert opened(made).format == "JPEG"
    assert len(made) <= MOST_PICTURE


def test_what_is_no_picture_is_left_out_with_a_reason() -> None:
    for data in (b"<svg/>", b"", picture("WEBP")[:60], huge_png()):
        with pytest.raises(NoPicture):
            fit_picture(data)


def test_without_the_extra_a_picture_that_does_not_fit_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    real = builtins.__import__
    picture_webp, picture_png = picture("WEBP"), picture("PNG")

    def without(name: str, *more: Any) -> Any:
        if name == "PIL":
            raise ImportError(name)
        return real(name, *more)

    monkeypatch.setattr(builtins, "__import__", without)
    with pytest.raises(NoPicture, match="ttp-cli"):
        fit_picture(picture_webp)
    assert fit_picture(picture_png) == picture_png
