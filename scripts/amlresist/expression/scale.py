"""Counts, TPM, log2 or microarray intensities: told from the values, or checked against them."""

import math

import numpy as np

from amlresist.errors import InputError, Problem
from amlresist.expression.matrix import Matrix
from amlresist.expression.measured import Floats, Scale

_MAX_PROBLEMS = 20
# log2 of 2^25 fragments: no log2 expression value is larger, few abundances stay below.
_MAX_LOG2 = 25.0
# Share of whole numbers among the non-zero values: estimated counts (salmon, RSEM) keep most
# single-copy genes whole, TPM hardly ever are.
_WHOLE_IN_ESTIMATED_COUNTS = 0.2
# Every sample has genes above 45 TPM; decimal logarithms of TPM end at 6, mostly at 4 to 5.
_MIN_LARGEST_LOG2 = 5.5
_OTHER_LOGARITHMS = {"natural": math.e, "decimal": 10.0}
_MAX_TPM_SUM = 1.05e6
_MIN_WHOLE_TPM_SUM = 0.9e6  # of a table that holds nearly every gene
_MIN_TPM_SUM = 0.1e6
# Whole numbers whose sum is this near to a million may be TPM that somebody rounded.
_ROUNDED_TPM = 5_000.0
# A z-scored or median-centred matrix has about half its values below zero, log2 CPM far fewer.
_CENTRED_NEGATIVE_SHARE = 0.4


def recognise_scale(matrix: Matrix, sample: str, setting: str) -> tuple[Scale, str]:
    """Scale of one column and how it was told.

    Args:
        setting: `auto`, or the scale the user states, against which the values are checked.

    Raises:
        InputError: the column is all zero, the values fit no scale, or not the one stated.
    """
    values = matrix.column(sample)
    where = f"column {sample}"
    if not np.any(values):
        raise InputError(
            Problem(
                matrix.path,
                where,
                "",
                "every value is zero: this sample was not measured",
                "Remove the sample or give its real values; a zero here is not an absence.",
            )
        )
    if setting != "auto":
        scale = Scale(setting)
        _check_stated_scale(matrix, where, values, scale)
        return scale, "setting expression.matrix_scale"
    return _recognise(matrix, where, values)


def _recognise(matrix: Matrix, where: str, values: Floats) -> tuple[Scale, str]:
    low, high, total = float(values.min()), float(values.max()), float(values.sum())
    nonzero = values[values != 0]
    whole = float(np.mean(nonzero == np.round(nonzero)))
    if low < 0:
        if whole == 1 or high > _MAX_LOG2:
            raise InputError(_negative(matrix, values))
        _refuse_centred(matrix, where, values)
        _refuse_other_logarithms(matrix, where, values)
        return Scale.LOG2, f"values from {low:.3g} to {high:.3g} with negative ones: log2"
    if high <= _MAX_LOG2 and whole < 1:
        _refuse_other_logarithms(matrix, where, values)
        return Scale.LOG2, f"values from {low:.3g} to {high:.3g}, not whole numbers: log2"
    if whole == 1 and abs(total - 1e6) > _ROUNDED_TPM:
        return Scale.COUNTS, f"whole numbers, sum {total:.0f}: counts"
    if _WHOLE_IN_ESTIMATED_COUNTS <= whole < 1:
        return Scale.COUNTS, f"{whole:.0%} whole numbers, sum {total:.0f}: estimated counts"
    if whole < 1 and _MIN_TPM_SUM <= total <= _MAX_TPM_SUM:
        return Scale.TPM, f"sum {total:.0f}, {whole:.0%} whole numbers: TPM"
    raise InputError(
        Problem(
            matrix.path,
            where,
            f"sum {total:.6g}, largest {high:.6g}",
            "cannot tell whether these are counts, TPM or log2 values",
            "Set expression.matrix_scale to counts, tpm or log2.",
        )
    )


def _check_stated_scale(matrix: Matrix, where: str, values: Floats, scale: Scale) -> None:
    if scale is Scale.LOG2:
        _refuse_centred(matrix, where, values)
        if values.max() > _MAX_LOG2:
            raise InputError(
                Problem(
                    matrix.path,
                    where,
                    f"{values.max():.6g}",
                    "too large for a log2 value",
                    "Set expression.matrix_scale to counts or tpm.",
                )
            )
    elif values.min() < 0 and scale is not Scale.INTENSITY:
        raise InputError(_negative(matrix, values))


def _refuse_centred(matrix: Matrix, where: str, values: Floats) -> None:
    negative = float(np.mean(values < 0))
    if negative > _CENTRED_NEGATIVE_SHARE:
        raise InputError(
            Problem(
                matrix.path,
                where,
                f"{negative:.0%} of the values are negative",
                "values look centred or z-scored over samples",
                "Give values before centring: genes of one sample must be comparable.",
            )
        )


def _refuse_other_logarithms(matrix: Matrix, where: str, values: Floats) -> None:
    """Refuse values whose powers of e or 10 add to a million as TPM do, and those too small."""

    def is_whole(base: float) -> bool:
        return _MIN_WHOLE_TPM_SUM <= float((base**values - 1).sum()) <= _MAX_TPM_SUM

    for name, base in _OTHER_LOGARITHMS.items():
        if is_whole(base) and not is_whole(2.0):
            message = f"{name} logarithms of TPM, by their sum: log2 is expected"
            raise InputError(_wrong_logarithm(matrix, where, f"{base:.3g}^x - 1", message))
    if values.max() < _MIN_LARGEST_LOG2:
        value, message = f"largest {values.max():.3g}", "too small for log2 values of a sample"
        raise InputError(_wrong_logarithm(matrix, where, value, message))


def _wrong_logarithm(matrix: Matrix, where: str, value: str, message: str) -> Problem:
    remedy = "Give counts, TPM or log2 values; if these are log2, set expression.matrix_scale."
    return Problem(matrix.path, where, value, message, remedy)


def _negative(matrix: Matrix, values: Floats) -> list[Problem]:
    places = np.flatnonzero(values < 0)
    return [
        Problem(
            matrix.path,
            f"gene {matrix.identifiers[place]}",
            f"{values[place]:g}",
            "negative value among counts or abundances",
            "Give raw counts, TPM or log2 values; for microarray intensities set"
            " expression.matrix_scale to intensity.",
        )
        for place in places[:_MAX_PROBLEMS]
    ]
