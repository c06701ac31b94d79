"""Keep the translations true: gather every text that people read into each package's .po, compile the .mo beside it.

    python scripts/messages.py            # gather into src/tulou/*/locale, report what lacks Chinese
    python scripts/messages.py --check    # change nothing; exit 1 where a .po or .mo is not what the sources say

English stands in the sources; Chinese is what a .po adds. No gettext is needed: templates are read by Django's own
lexer, Python by its own parser, .po and .mo are written by polib.
"""

from __future__ import annotations

import argparse
import ast
import re
import sys
from pathlib import Path

import polib
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ROOT / "src" / "tulou"
CALLS = {"_": 1, "gettext": 1, "gettext_lazy": 1, "gettext_noop": 1, "ngettext": 2, "ngettext_lazy": 2}
IN_CONTEXT = {"pgettext": 1, "pgettext_lazy": 1, "npgettext": 2}
Message = tuple[str | None, str, str]
"""Context, text, plural."""


def messages_of_code(source: str) -> list[Message]:
    """Every text that a piece of Python hands to gettext."""
    found: list[Message] = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.Call):
            continue
        name = node.func.id if isinstance(node.func, ast.Name) else getattr(node.func, "attr", "")
        texts = [a.value for a in node.args if isinstance(a, ast.Constant) and isinstance(a.value, str)]
        if name in CALLS and len(texts) >= CALLS[name]:
            found.append((None, texts[0], texts[1] if CALLS[name] == 2 else ""))
        elif name in IN_CONTEXT and len(texts) > IN_CONTEXT[name]:
            found.append((texts[0], texts[1], texts[2] if IN_CONTEXT[name] == 2 else ""))
    return found


def messages_of_operations(source: str) -> list[Message]:
    """What a piece of Python says of its API operations: the summary of each, and its docstring as one line.

    They are no calls of gettext, for the OpenAPI document keeps them in English; the page about the API asks for them
    in the context `api`.
    """
    found: list[Message] = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef):
            continue
        for call in node.decorator_list:
            if not (isinstance(call, ast.Call) and ast.unparse(call.func).startswith("router.")):
                continue
            found += [
                ("api", str(word.value.value), "")
                for word in call.keywords
                if word.arg == "summary" and isinstance(word.value, ast.Constant)
            ]
            found.append(("api", " ".join((ast.get_docstring(node) or "").split()), ""))
    return found


CALL = re.compile(r"\b(?:n?p?gettext|_)\((?:[^()'\"]|u?'(?:[^'\\]|\\.)*'|u?\"(?:[^\"\\]|\\.)*\")*\)", re.DOTALL)


def messages_of_template(source: str) -> list[Message]:
    """Every text that a template translates."""
    found: list[Message] = []
    for call in CALL.findall(templatize(source)):
        found += messages_of_code(call.replace("\n", "\\n") if "\n" in call else call)
    return found


def messages_of(package: Path) -> dict[Message, list[str]]:
    """Every text of a package with the files that say it."""
    found: dict[Message, list[str]] = {}
    templates = [path for kind in ("html", "js", "txt") for path in package.rglob(f"templates/**/*.{kind}")]
    for path in sorted([*package.rglob("*.py"), *templates]):
        source = path.read_text()
        if path.suffix == ".py" and "translation" not in source and "@router." not in source:
            continue
        if "migrations" in path.parts or "assets" in path.parts:
            continue
        if path.suffix == ".py":
            made = messages_of_code(source) + messages_of_operations(source)
        else:
            made = messages_of_template(source)
        for message in made:
            places = found.setdefault(message, [])
            name = str(path.relative_to(ROOT))
            if message[1] and name not in places:
                places.append(name)
    return {message: places for message, places in found.items() if message[1]}


def gathered(package: Path) -> polib.POFile | None:
    """The package's .po as it has to be: today's texts, the translations that are there. None where it says nothing."""
    found = messages_of(package)
    place = package / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
    if not found:
        return None
    old = polib.pofile(str(place), wrapwidth=110) if place.exists() else polib.POFile(wrapwidth=110)
    fresh = polib.POFile(wrapwidth=110)
    fresh.metadata = {
        "Content-Type": "text/plain; charset=UTF-8",
        "Content-Transfer-Encoding": "8bit",
        "Language": "zh_Hans",
        "Plural-Forms": "nplurals=1; plural=0;",
    }
    for (context, text, plural), places in sorted(found.items(), key=lambda item: (item[0][1], item[0][0] or "")):
        kept = old.find(text, msgctxt=context or False) if context else old.find(text)
        entry = polib.POEntry(msgid=text, msgctxt=context, occurrences=[(place, "") for place in places])
        if "%(" in text or "%(" in plural:
            entry.flags = ["python-format"]
        if plural:
            entry.msgid_plural = plural
            entry.msgstr_plural = {0: (kept.msgstr_plural.get(0) or kept.msgstr) if kept else ""}
        elif kept:
            entry.msgstr = kept.msgstr or kept.msgstr_plural.get(0, "")
        fresh.append(entry)
    return fresh


def packages() -> list[Path]:
    """The packages that may have texts."""
    return sorted(path for path in PACKAGES.iterdir() if (path / "apps.py").exists())


def missing(po: polib.POFile) -> list[str]:
    """The texts that have no Chinese yet."""
    return [e.msgid for e in po if not (e.msgstr_plural.get(0) if e.msgid_plural else e.msgstr)]


def main() -> int:
    """Gather or check; the number of packages that are not in order."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--check", action="store_true")
    options.add_argument("packages", nargs="*", help="names of packages; all where none is named")
    given = options.parse_args()
    if not settings.configured:
        settings.configure()
    wrong = 0
    for package in packages():
        if given.packages and package.name not in given.packages:
            continue
        if (po := gathered(package)) is None:
            continue
        place = package / "locale" / "zh_Hans" / "LC_MESSAGES" / "django.po"
        if given.check:
            same = place.exists() and place.read_text() == str(po) + ("" if str(po).endswith("\n") else "\n")
            wrong += not same or bool(missing(po))
            continue
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(str(po) + ("" if str(po).endswith("\n") else "\n"))
        po.save_as_mofile(str(place.with_suffix(".mo")))
        left = missing(po)
        wrong += bool(left)
        lines = [f"{package.name}: {len(po)} texts, {len(left)} without Chinese", *(f"  {text!r}" for text in left)]
        sys.stdout.write("\n".join(lines) + "\n")
    return wrong


if __name__ == "__main__":
    sys.exit(1 if main() else 0)
