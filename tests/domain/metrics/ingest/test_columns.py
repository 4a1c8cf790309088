"""What a header says: which export, which column is what, and what is refused by its header alone."""

from __future__ import annotations

import random
from collections.abc import Sequence

import pytest

from tests.domain.metrics.ingest.exports import META, OLD_X, TIKTOK, X
from tests.platforms.factories import PLATFORMS
from tests.rows import each
from ttp.domain.errors import UsageError
from ttp.domain.metrics.ingest.columns import find_source, fold_name, read_header
from ttp.domain.metrics.sample import COLUMNS, REQUIRED_COLUMNS

PORTUGUESE = (
    *("Identificação do post", "Nome de usuário da conta", "Descrição", "Horário de publicação", "Link permanente"),
    *(
        "Tipo de post",
        "Data",
        "Visualizações",
        "Alcance",
        "Curtidas",
        "Compartilhamentos",
        "Comentários",
        "Salvamentos",
    ),
)
SPANISH = (
    *("Identificador de la publicación", "Nombre de usuario de la cuenta", "Descripción", "Hora de publicación"),
    *("Enlace permanente", "Tipo de publicación", "Fecha", "Visualizaciones", "Alcance", "Me gusta"),
    *("Veces que se ha compartido", "Comentarios", "Veces guardado"),
)
GERMAN = (
    *(
        "Beitrags-ID",
        "Benutzername des Kontos",
        "Beschreibung",
        "Veröffentlichungszeitpunkt",
        "Permalink",
        "Beitragsart",
    ),
    *("Datum", "Aufrufe", "Reichweite", "„Gefällt mir“-Angaben", "Mal geteilt", "Kommentare", "Mal gespeichert"),
)
FRENCH = (
    *("Identifiant de la publication", "Nom d’utilisateur du compte", "Description", "Heure de publication"),
    *("Permalien", "Type de publication", "Date", "Vues", "Couverture", "Mentions J’aime", "Partages", "Commentaires"),
    "Enregistrements",
)
ITALIAN = (
    *("ID del post", "Nome utente dell'account", "Descrizione", "Orario di pubblicazione", "Permalink", "Tipo di post"),
    *("Data", "Visualizzazioni", "Copertura", "Mi piace", "Condivisioni", "Commenti", "Salvataggi"),
)
SWEDISH = (
    *("Publicerings-id", "Kontots användarnamn", "Beskrivning", "Publiceringstid", "Permalänk", "Inläggstyp", "Datum"),
    *("Visningar", "Räckvidd", "Gilla-markeringar", "Delningar", "Kommentarer", "Sparade objekt"),
)
LANGUAGES = (PORTUGUESE, SPANISH, GERMAN, FRENCH, ITALIAN, SWEDISH)
EVERYTHING = {
    *("remoteId", "handle", "text", "publishedAt", "link", "type", "day"),
    *("views", "reach", "likes", "shares", "comments", "saves"),
}


def taken(header: Sequence[str], **how: object) -> dict[str, str]:
    """The column of each field."""
    columns = read_header(header, PLATFORMS, **how)  # type: ignore[arg-type]  # as the test says
    return {name: column for column, name in zip(columns.header, columns.fields, strict=True) if name is not None}


def why(header: Sequence[str], **how: object) -> UsageError:
    with pytest.raises(UsageError) as refused:
        read_header(header, PLATFORMS, **how)  # type: ignore[arg-type]  # as the test says
    return refused.value


@each(
    ("header", "source"),
    [
        (COLUMNS, "own"),
        (META, "instagram"),
        (TIKTOK, "tiktok"),
        (X, "x"),
        (OLD_X, "x"),
        *((one, "instagram") for one in LANGUAGES),
    ],
)
def test_an_export_is_recognised_whatever_the_order_of_its_columns(header: Sequence[str], source: str) -> None:
    mixed = list(header)
    random.Random(1).shuffle(mixed)
    assert read_header(mixed, PLATFORMS).source == source
    assert taken(mixed) == taken(header)


@each("header", LANGUAGES)
def test_every_column_of_metas_export_is_known_in_these_languages(header: Sequence[str]) -> None:
    assert set(taken(header)) == EVERYTHING


def test_the_columns_of_exports_are_what_they_say() -> None:
    assert taken(X)["shares"] == "Reposts"
    assert taken(X)["comments"] == "Replies"
    assert taken(X)["saves"] == "Bookmarks"
    assert taken(OLD_X)["views"] == "impressions"
    assert taken(TIKTOK)["likes"] == "Total likes"
    assert read_header(META, PLATFORMS).ignored_columns == (
        "Account ID",
        "Account name",
        "Duration (sec)",
        "Data comment",
        "Follows",
    )


def test_case_blanks_and_kinds_of_quotes_do_not_matter() -> None:
    assert fold_name(" Post\u00a0 ID\u200b ") == "post id"
    assert read_header([f"\ufeff {name.upper()} " for name in META], PLATFORMS).source == "instagram"


def test_of_two_columns_that_mean_the_same_the_usual_one_is_taken() -> None:
    assert taken((*TIKTOK, "Likes"))["likes"] == "Total likes"
    assert taken(("Likes", *TIKTOK))["likes"] == "Total likes"


@each(
    ("header", "flaw", "named"),
    [
        (["name", "email"], "unknown", ""),
        (["Date"], "unknown", ""),
        ([name for name in REQUIRED_COLUMNS if name != "likes"], "lacks", "likes"),
        (REQUIRED_COLUMNS[2:], "lacks", "account, remoteId"),
        (REQUIRED_COLUMNS[1:], "no_account", "account"),
        ((*REQUIRED_COLUMNS, "likes"), "twice", "likes"),
        ((*META, "Likes"), "twice", "likes"),
        ((*META, "likes"), "twice", "likes"),
        ((*REQUIRED_COLUMNS, "Likes "), "twice", "likes"),
        (["Date", "Impressions", "Likes", "Engagements"], "days", ""),
        (["Fecha", "Alcance"], "days", ""),
        (["Post ID", "Page ID", "Title", "Publish time", "Permalink", "Likes"], "foreign", ""),
        (["Page name", "Reactions"], "foreign", ""),
        (META[:9], "no_count", "Meta Business Suite"),
    ],
)
def test_a_header_that_is_of_no_use_is_refused_with_the_reason(header: Sequence[str], flaw: str, named: str) -> None:
    error = why(header)
    assert error.flaw == flaw
    assert named in error.message


def test_columns_may_be_mapped() -> None:
    header = ["When", "Id", "Hearts", "Who", "likes"]
    mapped = {"when": "publishedAt", "Id": "remoteId", "Hearts": "views", "Who": "account"}
    columns = read_header(header, PLATFORMS, mapped=mapped)
    assert (columns.source, columns.fields) == ("mapped", ("publishedAt", "remoteId", "views", "account", "likes"))
    assert read_header(header[:3], PLATFORMS, mapped=dict(list(mapped.items())[:3]), account="x/me").source == "mapped"


def test_a_mapping_wins_over_what_a_column_of_an_export_is_called() -> None:
    assert taken(X, mapped={"Shares": "shares"})["shares"] == "Shares"


@each(
    ("mapped", "flaw", "named"),
    [
        ({"Nothing": "likes"}, "column", '"Nothing"'),
        ({"a": "hearts"}, "field", '"hearts"'),
        ({"a": "likes", "b": "likes"}, "twice", "a and b"),
        ({"a": "remoteId"}, "lacks", "account, publishedAt, "),
    ],
)
def test_a_mapping_that_cannot_be_is_refused(mapped: dict[str, str], flaw: str, named: str) -> None:
    error = why([*"abcdefghijklmnopqrstuvw"], mapped=mapped)
    assert error.flaw == flaw
    assert named in error.message


def test_a_source_may_be_named() -> None:
    assert read_header(META, PLATFORMS, source="instagram").source == "instagram"
    assert why(COLUMNS, source="x").flaw == "other_export"
    assert why(META, source="own").flaw == "unknown"
    assert why(["Post ID", "Page ID", "Publish time", "Likes"], source="x").flaw == "foreign"
    assert [find_source(name, PLATFORMS) for name in ("Own", "meta", "ig", "tt", "twitter")] == [
        "own",
        *("instagram",) * 2,
        "tiktok",
        "x",
    ]
    with pytest.raises(UsageError) as refused:
        find_source("myspace", PLATFORMS)
    assert refused.value.flaw == "source"
