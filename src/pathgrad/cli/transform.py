"""``pathgrad transform``: from a file to a file, without running it (floor 6; imports transformed)."""

from __future__ import annotations

from pathlib import Path

from ..api import Transformed, specs_from_annotations
from .arguments import chosen, types_of
from .report import console, show_program
from .target import source_of

__all__ = ["transform"]


def transform(
    target: str,
    mode: str,
    argnums: str | None,
    form: str | None,
    types: list[str],
    show: str,
    output: Path | None,
) -> None:
    """Print or write the derivative program of FILE.py:FUNCTION."""
    source = source_of(target)
    specs = specs_from_annotations(source, types_of(types))
    picked = chosen(argnums)
    derived = Transformed(source, mode, 0 if picked is None else picked, form, specs=specs)
    text = derived.inspect(show)
    if output is None:
        show_program(text)
        return
    output.write_text(text if text.endswith("\n") else text + "\n", encoding="utf-8")
    console(error=True).print(f"wrote {output}", markup=False)
