"""How numbers and names are put before a reader."""

import math

from amlresist.evidence.summary import LAYER_NAMES

NOT_AVAILABLE = "–"
NEGLIGIBLE = 1e-9  # what estimators leave of a zero
UNRESOLVED = 1e-6  # shares that no assay here can tell from zero
MANY_WRONG = 20  # labels from which tenths say nothing
CLASS_WORDS = {
    "acquired": "acquired",
    "lost": "lost",
    "expanding": "expanding",
    "contracting": "contracting",
    "stable": "stable",
    "germline": "germline",
    "likely_artefact": "likely artefact",
    "not_evaluable": "cannot be told",
}
FLAG_WORDS = {
    "not_assayed_before": "not assayed at the first time point",
    "not_assayed_after": "not assayed at the second time point",
    "low_depth_before": "low depth at the first time point",
    "low_depth_after": "low depth at the second time point",
    "copy_number_not_known": "copy number not known",
    "variants_fell_alike": "fell as the largest variants did: perhaps fewer leukemic cells",
}


def is_missing(value: object) -> bool:
    """Whether there is nothing to show."""
    return value is None or value == "" or (isinstance(value, float) and math.isnan(value))


def percent(value: float | None, digits: int = 2) -> str:
    """A share as percentage with `digits` significant digits: 0.0093 -> "0.93 %"."""
    if value is None or math.isnan(value):
        return NOT_AVAILABLE
    return f"{significant(100 * value, digits)} %" if abs(value) >= UNRESOLVED else "0 %"


def probability(value: float | None) -> str:
    """A probability that never claims to be certain: 0.99998 -> "> 99.9 %"."""
    if value is not None and value >= 0.9995:
        return "> 99.9 %"
    return percent(value, 3)


def significant(value: float | None, digits: int = 3) -> str:
    """A number with so many significant digits and no exponent: 812.4 -> "812", 0.0018 as is."""
    if value is None or math.isnan(value):
        return NOT_AVAILABLE
    if abs(value) < NEGLIGIBLE:
        return "0"
    decimals = max(0, digits - 1 - math.floor(math.log10(abs(value))))
    text = f"{value:,.{decimals}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def whole(value: float | None) -> str:
    """A count with thousands separated: 1234567 -> "1,234,567"."""
    if value is None or math.isnan(value):
        return NOT_AVAILABLE
    return f"{value:,.0f}"


def signed(value: float | None) -> str:
    """A change with its sign and a true minus."""
    if value is None or math.isnan(value):
        return NOT_AVAILABLE
    return f"{value:+.2f}".replace("-", "−")


def words(name: str) -> str:
    """A class, status or flag of the tables in words."""
    known = CLASS_WORDS.get(name) or FLAG_WORDS.get(name) or LAYER_NAMES.get(name)
    return known or name.replace("_", " ")


def comparison(text: str) -> str:
    """`diagnosis>relapse` as a reader says it."""
    return " → ".join(text.split(">"))


def ends(text: str) -> tuple[str, str]:
    """Both time points of a comparison; a single time point stands on both sides."""
    before, _, after = text.partition(">")
    return before, after or before


def listed(names: list[str]) -> str:
    """`a, b and c`."""
    if len(names) < 2:
        return "".join(names)
    return f"{', '.join(names[:-1])} and {names[-1]}"


def plural(count: float, noun: str) -> str:
    """`1 variant`, `2 variants`."""
    return f"{count:,.0f} {noun}{'' if count == 1 else 's'}"


def expected_wrong(count: float) -> str:
    """An expected number of wrong labels; the browser says it in the same words."""
    if count == 0:
        return "0"
    if count < 0.05:
        return "fewer than 0.1"
    return f"{count:.1f}" if count < MANY_WRONG else f"{count:,.0f}"
