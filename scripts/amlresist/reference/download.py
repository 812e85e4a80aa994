"""Fetch a named build: resumable, checked against the server's checksums, whole or not at all."""

import subprocess
import urllib.error
import urllib.request
from http import HTTPStatus
from pathlib import Path
from typing import IO

from amlresist.errors import InputError, Problem
from amlresist.reference.builds import Remote

CHUNK = 1 << 20
TIMEOUT_SECONDS = 60
ATTEMPTS = 3


def fetch(base_url: str, remote: Remote, target: Path) -> None:
    """Download one file to `target` and verify it by the `CHECKSUMS` file beside it.

    A broken transfer leaves `.part-NAME` behind, from which the next call goes on.

    Raises:
        InputError: the server cannot be reached, lists no checksum, or the file does not match it.
    """
    url = f"{base_url.rstrip('/')}/{remote.folder}"
    expected = checksum_listed(_read_text(f"{url}/CHECKSUMS"), remote.name)
    if expected is None:
        raise _problem(url, "CHECKSUMS does not list the file", remote.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    partial = target.with_name(f".part-{target.name}")
    _transfer(f"{url}/{remote.name}", partial)
    found = checksum(partial)
    if found != expected:
        partial.unlink()
        raise _problem(url, f"checksum is {found}, expected {expected}", remote.name)
    partial.replace(target)


def checksum(path: Path) -> tuple[int, int]:
    """(checksum, blocks) as the BSD `sum` program gives them, which Ensembl publishes."""
    words = subprocess.run(
        ["sum", "-r", "--", str(path)], check=True, capture_output=True, text=True
    ).stdout.split()
    return int(words[0]), int(words[1])


def checksum_listed(text: str, name: str) -> tuple[int, int] | None:
    """(checksum, blocks) of file `name` in the text of a CHECKSUMS file; None if not listed."""
    for line in text.splitlines():
        words = line.split()
        if len(words) == 3 and words[2] == name:
            return int(words[0]), int(words[1])
    return None


def _transfer(url: str, partial: Path) -> None:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            _append_rest(url, partial)
            return
        except urllib.error.HTTPError as error:
            if error.code == HTTPStatus.REQUESTED_RANGE_NOT_SATISFIABLE:
                return  # nothing is missing; the checksum decides
            raise _problem(url, f"server answers {error.code}", "") from error
        except OSError as error:
            if attempt == ATTEMPTS:
                raise _problem(url, f"download broke off: {error}", "") from error


def _append_rest(url: str, partial: Path) -> None:
    have = partial.stat().st_size if partial.exists() else 0
    request = urllib.request.Request(url, headers={"Range": f"bytes={have}-"} if have else {})
    with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as response:
        resumed = response.status == HTTPStatus.PARTIAL_CONTENT
        length = response.headers.get("Content-Length")
        with partial.open("ab" if resumed else "wb") as out:
            received = _copy(response, out)
    if length is not None and received != int(length):
        raise OSError(f"{received} of {length} bytes arrived")


def _copy(source: IO[bytes], target: IO[bytes]) -> int:
    received = 0
    while chunk := source.read(CHUNK):
        received += target.write(chunk)
    return received


def _read_text(url: str) -> str:
    try:
        with urllib.request.urlopen(url, timeout=TIMEOUT_SECONDS) as response:
            data: bytes = response.read()
    except OSError as error:
        raise _problem(url, f"cannot be read: {error}", "") from error
    return data.decode("utf-8", errors="replace")


def _problem(url: str, message: str, value: str) -> InputError:
    return InputError(
        Problem(
            url,
            "",
            value,
            message,
            "Run again to go on, or give reference.fasta and reference.annotation as paths.",
        )
    )
