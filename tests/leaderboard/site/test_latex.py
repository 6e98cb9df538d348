from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest

from leaderboard.site.latex import latex_table
from tests.leaderboard.test_markup import LIVE

ENGINE = shutil.which("pdflatex") or shutil.which("lualatex")

DOCUMENT = r"""\documentclass{article}
\usepackage[T1]{fontenc}
\usepackage{textcomp}
\usepackage{booktabs}
\begin{document}
%s
\end{document}
"""


def test_columns_are_those_of_the_first_row_and_cells_in_their_order() -> None:
    text = latex_table([{"model": "a", "score": "0.5"}, {"score": "0.4", "model": "b"}])
    assert "\nmodel & score \\\\\n" in text
    assert "\na & 0.5 \\\\\nb & 0.4 \\\\\n" in text
    assert r"\begin{tabular}{lr}" in text


def test_minus_before_a_number_is_a_minus_and_a_hyphen_a_hyphen() -> None:
    text = latex_table([{"model": "bi-lstm", "score": "-0.5(1)"}])
    assert "bi{-}lstm & $-$0.5(1)" in text


def test_bracket_or_star_after_a_rule_is_no_option_of_it() -> None:
    text = latex_table([{"model": "[2in]", "score": "1"}, {"model": "*", "score": "2"}])
    assert "\n{}[2in] & 1" in text
    assert "\n{}* & 2" in text


def test_table_with_a_caption_floats_and_has_a_label() -> None:
    text = latex_table([{"a": "1"}], caption="50 %", label="tab:x}\\y")
    assert "\\caption{50 \\%}\n\\label{tab:xy}\n" in text
    assert text.endswith("\\end{table}\n")


@pytest.mark.skipif(ENGINE is None, reason="no TeX engine on this machine")
def test_table_of_everything_that_could_do_harm_compiles(tmp_path: Path) -> None:
    words = [*LIVE, "Müller, Łukasz, 王, Ελένη, E₀/f ≥ 3 → Å, x², †, αβγδεζηθικλμνξπρστυφχψωΔΩ"]
    words += ["".join(map(chr, range(32, 127))), "".join(map(chr, range(0xA0, 0x180)))]
    table = latex_table([{"name": word, "value": "-0.5(1)"} for word in words], caption="<#%&$>")
    (tmp_path / "x.tex").write_text(DOCUMENT % table, "utf-8")
    done = subprocess.run(
        [str(ENGINE), "-interaction=nonstopmode", "-halt-on-error", "-no-shell-escape", "x.tex"],
        cwd=tmp_path,
        capture_output=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout.decode("latin-1")[-2000:]
