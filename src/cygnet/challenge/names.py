"""May a team be called so, and which names are one to a reader? Against disguise on the board.

Two names are one where they differ in case, spaces, width, or letters that look alike in Latin,
Cyrillic and Greek: the board must show who stands there.
"""

import unicodedata
from typing import Final

from cygnet.errors import InputError

_MOST_MARKS: Final = 2
# Seen as nothing, though Unicode counts them among letters, signs and marks.
_BLANKS: Final = frozenset("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
_UNSEEN: Final = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})

# Small letters and digits, after case was folded, by the Latin letter that they are taken for.
_ALIKE: Final = {
    "a": "\u0430\u03b1\u0251",
    "b": "\u0432\u03b2\u044c",
    "c": "\u0441\u03f2\u1d04",
    "d": "\u0501\u0257",
    "e": "\u0435\u03b5\u0454\u04bd",
    "g": "\u0261\u050d",
    "h": "\u04bb\u043d",
    "i": "1l|!\u0456\u03b9\u0131\u04cf\u0269",
    "j": "\u0458\u03f3",
    "k": "\u043a\u03ba",
    "m": "\u043c",
    "n": "\u03b7\u0578",
    "o": "0\u043e\u03bf\u03c3\u0585\u0be6\u06f0",
    "p": "\u0440\u03c1",
    "q": "\u051b",
    "r": "\u0433",
    "s": "5\u0455\ua731",
    "t": "\u0442\u03c4",
    "u": "\u03c5\u057d\u03bc",
    "v": "\u03bd\u0475",
    "w": "\u051d\u03c9\u0461",
    "x": "\u0445\u03c7",
    "y": "\u0443\u03b3\u04af",
    "z": "\u03b6",
    "-": "\u2010\u2011\u2012\u2013\u2014\u2015\u2212_",
    "'": "\u2018\u2019\u02bc`\u00b4",
}
_SEEN_AS: Final = {ord(other): own for own, others in _ALIKE.items() for other in others}


def name_key(name: str) -> str:
    """Give what names share that a reader takes for one.

    >>> name_key("Swans") == name_key("  \uff33WANS ") == name_key("\u0405w\u0430n\u0455")
    True
    >>> name_key("Swans") == name_key("Sw\u00e4ns")
    False
    """
    folded = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
    return " ".join(folded.translate(_SEEN_AS).split())


def validate_name(name: str) -> str:
    """Give a team's name composed and trimmed.

    Raises :class:`InputError` for what cannot be seen, turns the direction of writing, piles marks
    on a letter, or has neither letter nor digit.
    """
    made = unicodedata.normalize("NFC", name).strip()
    if any(_is_unseen(letter) for letter in made):
        raise InputError.of(
            "The name has signs that cannot be seen.", "Use letters, digits and signs that can."
        )
    marks = 0
    for letter in made:
        marks = marks + 1 if unicodedata.combining(letter) else 0
        if marks > _MOST_MARKS:
            raise InputError.of("The name piles marks on a letter.", "Use letters without them.")
    if not any(letter.isalnum() for letter in made):
        raise InputError.of("The name has no letter and no digit.", "Use some.")
    return made


def _is_unseen(letter: str) -> bool:
    is_selector = "\ufe00" <= letter <= "\ufe0f" or "\U000e0100" <= letter <= "\U000e01ef"
    return is_selector or letter in _BLANKS or unicodedata.category(letter) in _UNSEEN
