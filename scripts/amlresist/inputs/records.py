"""Table of the input check."""

from dataclasses import dataclass

from amlresist.tables import column


@dataclass(frozen=True, slots=True)
class InputProblem:
    """`problems.tsv`: one row per problem of the inputs."""

    severity: str = column(
        "STOP: nothing runs; WARN: read before you believe; NOTE: for the record"
    )
    file: str = column("path as written in the sheet or config")
    where: str = column("place in the file, NA for the whole file")
    value: str = column("the offending value")
    message: str = column("what is wrong")
    remedy: str = column("what to do about it")
