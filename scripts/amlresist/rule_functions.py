"""Functions that rules hand to Snakemake, made so that it asks for their parameters only once.

Snakemake inspects a function's signature several times for every job. A signature that is stored
with the function makes that ten times quicker, which counts when a cohort has ten thousand jobs.
"""

from collections.abc import Callable
from inspect import signature
from pathlib import Path
from typing import Any, Protocol


class Wildcards(Protocol):
    """The wildcards of a job that rules use."""

    patient: str
    sample: str


def growing(amount: int) -> Callable[..., int]:
    """A resource that is `amount` at the first attempt and grows by it at each further one."""

    def by_attempt(wildcards: Wildcards, attempt: int) -> int:
        return amount * attempt

    return _with_stored_signature(by_attempt)


def folder_of(name: str, *, up: int = 1, inside: str = "") -> Callable[..., str]:
    """The folder that the output called `name` lies in.

    Args:
        up: 2 for the folder above that one.
        inside: a folder or file in it.
    """

    def of_job(wildcards: Wildcards, output: Any) -> str:
        return str(Path(getattr(output, name)).parents[up - 1] / inside)

    return _with_stored_signature(of_job)


def of_patient(ask: Callable[..., Any], *details: str) -> Callable[[Wildcards], Any]:
    """What `ask` (a method of the plan) answers for the patient of a job."""

    def of_job(wildcards: Wildcards) -> Any:
        return ask(wildcards.patient, *details)

    return _with_stored_signature(of_job)


def of_sample(ask: Callable[[str], Any]) -> Callable[[Wildcards], Any]:
    """What `ask` (a method of the plan) answers for the library of a job."""

    def of_job(wildcards: Wildcards) -> Any:
        return ask(wildcards.sample)

    return _with_stored_signature(of_job)


def _with_stored_signature(function: Callable[..., Any]) -> Callable[..., Any]:
    function.__signature__ = signature(function)  # type: ignore[attr-defined]
    return function
