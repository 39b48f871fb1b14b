"""Write the catalogue of all sentences of the reader: ``python tests/reader_catalogue.py``."""

import ast
from importlib.resources import files
from pathlib import Path
from typing import Any

from cygnet.images.faults import FAULT_KINDS
from cygnet.site.reader.moves_words import catalogued
from cygnet.site.reader.pages import environment
from cygnet.vocabulary import SEXES, SITES

SOURCE = Path(str(files("cygnet.site.reader")))
POT = SOURCE / "locale" / "reader.pot"
_HEAD = (
    'msgid ""\nmsgstr ""\n"Project-Id-Version: cygnet reader\\n"\n'
    '"Content-Type: text/plain; charset=UTF-8\\n"\n"Content-Transfer-Encoding: 8bit\\n"\n'
)


def sentences() -> list[tuple[str, str | None]]:
    """Give every sentence with its plural, each once, in order."""
    found: dict[tuple[str, str | None], None] = {}
    for path in sorted(SOURCE.rglob("*.py")):
        found |= dict.fromkeys(_of_python(path.read_text(encoding="utf-8")))
    for path in sorted((SOURCE / "templates").glob("*.j2")):
        found |= dict.fromkeys(_of_template(path.read_text(encoding="utf-8")))
    spoken = [*catalogued(), *SEXES, *SITES]
    for kind in FAULT_KINDS.values():
        spoken += [kind.sentence, kind.remedy]
    found |= dict.fromkeys((text, None) for text in spoken)
    return sorted(found, key=lambda pair: (pair[0], pair[1] or ""))


def _of_python(text: str) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    for node in ast.walk(ast.parse(text)):
        if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Name):
            continue
        words = [one.value for one in node.args[:2] if isinstance(one, ast.Constant)]
        if node.func.id in {"say", "marked"} and words:
            found.append((str(words[0]), None))
        elif node.func.id == "say_many" and len(words) == 2:
            found.append((str(words[0]), str(words[1])))
    return found


def _of_template(text: str) -> list[tuple[str, str | None]]:
    found: list[tuple[str, str | None]] = []
    extension: Any = environment()
    for _, name, said in extension.extract_translations(text, ["_", "gettext", "say", "say_many"]):
        if isinstance(said, str):
            found.append((said, None))
        elif name in {"say_many", "ngettext"}:
            found.append((str(said[0]), str(said[1])))
        elif said and said[0] is not None:
            found.append((str(said[0]), None))
    return found


def catalogue() -> str:
    """Give the whole file."""
    parts = [_HEAD]
    for one, many in sentences():
        if many is None:
            parts.append(f'msgid {_quoted(one)}\nmsgstr ""\n')
        else:
            parts.append(
                f'msgid {_quoted(one)}\nmsgid_plural {_quoted(many)}\nmsgstr[0] ""\nmsgstr[1] ""\n'
            )
    return "\n".join(parts)


def _quoted(text: str) -> str:
    inner = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{inner}"'


if __name__ == "__main__":
    POT.write_text(catalogue(), encoding="utf-8")
