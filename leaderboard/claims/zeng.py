"""The claims of Zeng, Cao, Huang and Yao about what decides whether rare events are learned."""

from __future__ import annotations

from leaderboard.claims.factors import Contrast, Factor

ZENG = "Zeng, Cao, Huang, Yao, arXiv:2107.06573"


def _alanine(partition: str, *intervals: str) -> tuple[str, ...]:
    return tuple(f"alanine/{partition}-{one}" for one in intervals)


_ALL = ("0.1ps", "1ps", "10ps")
_FINE, _MACRO, _CORED = (_alanine(one, *_ALL) for one in ("fine100", "macro4", "cored4"))
_WELL = "doublewell/d2"

FACTORS = (
    Factor(
        "Z1",
        "dimension",
        "The dimension of what is labelled obscures rare events",
        "more dimensions obscure rare events",
        f"{ZENG}: the dimension of the coordinates is one of three factors that decide.",
        (
            Contrast(
                "d1, d2, d3 − d0",
                ("doublewell/d1", "doublewell/d2", "doublewell/d3"),
                ("doublewell/d0",),
            ),
            Contrast("d3 − d1", ("doublewell/d3",), ("doublewell/d1",)),
        ),
    ),
    Factor(
        "Z2",
        "interval",
        "A short saving interval obscures rare events",
        "short saving intervals obscure rare events",
        f"{ZENG}: the saving interval is one of three factors that decide.",
        (
            Contrast("d2: 1 − 10 τ", (_WELL,), (f"{_WELL}-t10",)),
            Contrast("d2: 1 − 100 τ", (_WELL,), (f"{_WELL}-t100",)),
            Contrast(
                "fine100: 0.1 − 1 ps", _alanine("fine100", "0.1ps"), _alanine("fine100", "1ps")
            ),
            Contrast(
                "fine100: 0.1 − 10 ps", _alanine("fine100", "0.1ps"), _alanine("fine100", "10ps")
            ),
        ),
    ),
    Factor(
        "Z3",
        "partition",
        "A fine partition obscures rare events",
        "fine partitions obscure rare events",
        f"{ZENG}: the partition into states is one of three factors that decide.",
        (
            Contrast("d2: cells − macro2", (_WELL,), (f"{_WELL}-macro2",)),
            Contrast("alanine: fine100 − macro4", _FINE, _MACRO),
        ),
    ),
    Factor(
        "Z4",
        "recrossings",
        "Coarse states without recrossings recover rare events",
        "coarse states and the removal of recrossings help",
        f"{ZENG}: coarse states, and the removal of recrossings, recover the slow process.",
        (
            Contrast("d2: cells − cored2", (_WELL,), (f"{_WELL}-cored2",)),
            Contrast("d2: macro2 − cored2", (f"{_WELL}-macro2",), (f"{_WELL}-cored2",)),
            Contrast("alanine: fine100 − cored4", _FINE, _CORED),
            Contrast("alanine: macro4 − cored4", _MACRO, _CORED),
        ),
    ),
)
