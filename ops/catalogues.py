"""Message catalogues: collect the English source texts, merge them into every language, compile.

``python -m ops.catalogues update`` rewrites ``locales/hotline.pot`` from ``bot/domain.yml`` and
``hotline/core/wording.py`` and merges it into each ``locales/<language>/LC_MESSAGES/hotline.po``;
``compile`` writes the ``.mo`` files that the processes read. Machine-drafted entries carry ``fuzzy`` until a speaker
has read them, and are compiled all the same: a draft in a person's language beats English.
"""

import sys
from collections.abc import Iterator
from io import BytesIO
from pathlib import Path

import yaml
from babel.messages.catalog import Catalog
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from hotline.core.wording import Wording

ROOT = Path(__file__).resolve().parent.parent
LOCALES = ROOT / "locales"


def source_texts() -> Iterator[tuple[str, str, str]]:
    """Yield (text, file, name) of every English text that a person may read, in the order of the sources."""
    for item in Wording:
        yield item.value, "hotline/core/wording.py", item.name
    domain = yaml.safe_load((ROOT / "bot/domain.yml").read_text("utf-8"))
    for name, variants in domain["responses"].items():
        for variant in variants:
            yield variant["text"], "bot/domain.yml", name
            for button in variant.get("buttons", ()):
                yield button["title"], "bot/domain.yml", f"{name}, a button"


def template() -> Catalog:
    """The catalogue of source texts, without translations."""
    catalogue = Catalog(project="helpline gateway", charset="utf-8", fuzzy=False)
    for text, file, name in source_texts():
        catalogue.add(text, locations=[(file, 0)], auto_comments=[name])
    return catalogue


def po_files() -> list[Path]:
    return sorted(LOCALES.glob("*/LC_MESSAGES/hotline.po"))


def read(path: Path) -> Catalog:
    return read_po(BytesIO(path.read_bytes()), locale=path.parts[-3])


def update() -> None:
    """Rewrite the template and merge it into every language; new texts appear empty."""
    source = template()
    _write(LOCALES / "hotline.pot", source)
    for path in po_files():
        catalogue = read(path)
        catalogue.update(source, no_fuzzy_matching=True, update_header_comment=False)
        catalogue.obsolete.clear()
        _write(path, catalogue)


def compile_all() -> None:
    """Write each ``.mo`` beside its ``.po``."""
    for path in po_files():
        with path.with_suffix(".mo").open("wb") as out:
            write_mo(out, read(path), use_fuzzy=True)


def _write(path: Path, catalogue: Catalog) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    buffer = BytesIO()
    write_po(buffer, catalogue, width=110, omit_header=False, include_lineno=False, sort_output=False)
    lines = buffer.getvalue().decode("utf-8").splitlines(keepends=True)
    # dates in the header would change with every run
    path.write_text("".join(line for line in lines if "-Date:" not in line), encoding="utf-8")


if __name__ == "__main__":
    {"update": update, "compile": compile_all}[sys.argv[1]]()
