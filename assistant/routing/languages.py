"""Whether a text is in another language than English, which is all that the model has learned to read.

Careful rather than complete: an English question that is refused is worse than a foreign one that is not. A text is
foreign when most of its letters are not Latin, or when it has at least two words that English lacks, and more of them
than of English ones.
"""

import re
import unicodedata

ENGLISH_ONLY = (
    "I understand questions in English only, so nothing is marked. "
    "Please ask again in English, for example: Where are the buildings?"
)

_WORD = re.compile(r"[^\W\d_]+")

# Words of asking, pointing and counting; those that English has too ("die", "was", "man", "me", "or") are left out.
_FOREIGN_WORDS = {
    "German": (
        "wo wie welche welcher welches welchen wieviele viele sind ist ich bitte zeige zeig zeigen finde "
        "markiere alle der das dem des ein eine einen einem einer und oder nicht auf im bild mit für gibt "
        "kann könnte könnten gebäude häuser straße straßen bäume flugzeuge schiffe wasser felder größte "
        "kleinste"
    ),
    "French": (
        "où est sont quel quelle quels quelles combien les une dans cette cet montre montrez trouve trouvez "
        "marquez marque toutes tous moi peut pourrait avec du aux sur bâtiments routes maisons arbres avions "
        "bateaux eau champs"
    ),
    "Spanish and Portuguese": (
        "dónde donde están está cuántos cuántas cuál cuáles qué el una en la esta muestra muéstrame encuentra "
        "marca marcar todos todas puede puedes podría las los del con sin hola piscina río "
        "edificios casas árboles aviones barcos agua carreteras onde estão quantos quantas "
        "quais os mostre encontre marque edifícios navios estradas há"
    ),
    "Italian": (
        "dove sono quanti quante quali gli nella nell immagine mostra mostrami trova tutti tutte edifici "
        "strade alberi aerei navi acqua"
    ),
    "Dutch, Swedish, Danish and Norwegian": (
        "waar zijn hoeveel welke het een alle gebouwen huizen wegen bomen vliegtuigen schepen toon laat zien "
        "var är hvor er byggnader bygninger husen alla"
    ),
    "Polish, Czech and Turkish": (
        "gdzie są ile budynki pokaż wszystkie drogi drzewa kde jsou kolik budovy všechny nerede binalar kaç nerededir"
    ),
    "Indonesian and Vietnamese": ("dimana mana tunjukkan semua bangunan ở đâu tòa nhà"),
}
_ENGLISH_WORDS = (
    "a about all an and any are area areas at be between building buildings by can could count did do "
    "does each find for from had has have here highlight how i if in is it its large largest left locate "
    "many mark me most my near nearest no not of on one only or out outline part parts please right "
    "segment show small smallest some than that the their them then there these they this those to top "
    "was were what when where which who why will with within without would you your"
)
_FOREIGN = frozenset(" ".join(_FOREIGN_WORDS.values()).split())
_ENGLISH = frozenset(_ENGLISH_WORDS.split())


def is_foreign(text: str) -> bool:
    """Return whether `text` is clearly in another language than English."""
    words = _WORD.findall(unicodedata.normalize("NFC", text).lower())
    letters = "".join(words)
    if not letters:
        return False
    if sum(not _is_latin(letter) for letter in letters) > len(letters) / 2:
        return True
    foreign = sum(word in _FOREIGN or not word.isascii() for word in words)
    english = sum(word in _ENGLISH for word in words)
    return foreign >= 2 and foreign > english


def _is_latin(letter: str) -> bool:
    return unicodedata.name(letter, "").startswith("LATIN")
