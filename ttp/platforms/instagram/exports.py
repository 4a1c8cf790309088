"""Columns of Meta Business Suite exports, in the known languages."""

from __future__ import annotations

from ttp.domain.metrics.ingest.columns import DAY, HANDLE, LINK, TYPE, ExportColumns

EXPORTS = (
    ExportColumns(
        "Meta Business Suite, content of Instagram",
        {
            "remoteId": (
                *("post id", "beitrags-id", "identificador de la publicación", "identificação do post"),
                *("identifiant de la publication", "identifiant de publication", "id del post", "publicerings-id"),
            ),
            HANDLE: (
                *(
                    "account username",
                    "konto-benutzername",
                    "benutzername des kontos",
                    "nombre de usuario de la cuenta",
                ),
                *("nome de usuário da conta", "nom d'utilisateur du compte", "nome utente dell'account"),
                "kontots användarnamn",
            ),
            "publishedAt": (
                *("publish time", "veröffentlichungszeitpunkt", "veröffentlichungszeit", "hora de publicación"),
                *("horário de publicação", "heure de publication", "orario di pubblicazione", "publiceringstid"),
            ),
            LINK: ("permalink", "enlace permanente", "link permanente", "permalien", "permalänk"),
            TYPE: (
                *("post type", "beitragstyp", "beitragsart", "art des beitrags", "tipo de publicación", "tipo de post"),
                *("type de publication", "tipo di post", "inläggstyp"),
            ),
            DAY: ("date", "datum", "fecha", "data"),
            "text": ("description", "beschreibung", "descripción", "descrição", "descrizione", "beskrivning"),
            "views": ("views", "aufrufe", "visualizaciones", "visualizações", "vues", "visualizzazioni", "visningar"),
            "reach": ("reach", "reichweite", "alcance", "couverture", "copertura", "räckvidd"),
            "likes": (
                *(
                    "likes",
                    '"gefällt mir"-angaben',
                    '"gefällt mir"-angabe',
                    "gefällt-mir-angaben",
                    "me gusta",
                    "curtidas",
                ),
                *("j'aime", "mentions j'aime", "mi piace", "gilla-markeringar"),
            ),
            "comments": (
                "comments",
                "kommentare",
                "comentarios",
                "comentários",
                "commentaires",
                "commenti",
                "kommentarer",
            ),
            "shares": (
                *("shares", "geteilte inhalte", "mal geteilt", "veces que se ha compartido", "veces que se compartió"),
                *("compartilhamentos", "partages", "condivisioni", "delningar"),
            ),
            "saves": (
                *("saves", "gespeicherte inhalte", "mal gespeichert", "veces guardado", "veces que se guardó"),
                *("veces que se ha guardado", "salvamentos", "enregistrements", "salvataggi", "sparade objekt"),
            ),
        },
        (("remoteId",), ("publishedAt",), (HANDLE, LINK, TYPE)),
        aliases=("meta",),
        always_english=False,
        id_tells_time=False,
        foreign=frozenset(
            (
                *("page id", "page name", "seiten-id", "seitenname", "nombre de la página", "nome da página"),
                *("sid-id", "sidnamn"),
            )
        ),
        foreign_title="an export of a Facebook page",
    ),
)
