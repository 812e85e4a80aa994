"""Mutated inputs over every parser: success only where an independent parser counts the same.

python benchmarks/mutations.py [--mutants 10000] [--seed 1] [--only vcf bam] [--keep FOLDER]

Each parser gets `--mutants` files with one to four changed places. A process that crashes, that
needs more than 5 s of processor time or more than 1 GB for one file is found from outside.
"""

import argparse
import multiprocessing
import os
import random
import resource
import signal
import struct
import sys
import tempfile
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from mutation_targets import FORBIDDEN, REFUSED, Target, targets

from amlresist.errors import InputError

SECONDS, MEGABYTES = 5, 1024
IN_MEMORY = Path("/dev/shm")
TOKENS = (
    *(b"\t", b"\n", b"\r", b"\r\n", b" ", b",", b";", b'"', b"'", b"\\", b"#", b">", b"@", b"+"),
    *(b"\0", b"\xff", b"\xc2\xb2", b"\xef\xbb\xbf", b"-1", b"0", b"1e9", b"1_000", b"nan", b"inf"),
    *(b"99999999999999999999", b"chr1", b"X", b"*", b".", b"<DEL>", b"&a [*a, *a]", b"{", b"}"),
)
EOF_BLOCK = bytes.fromhex("1f8b08040000000000ff0600424302001b0003000000000000000000")
BAD = ("traceback", "wrong count", "crash", "hang", "memory")


def mutated(data: bytes, rng: random.Random) -> bytes:
    """A copy of `data` with one to four changes: bits, bytes, cuts, repeats, swaps, odd words."""
    for _ in range(rng.choice((1, 1, 2, 4))):
        data = rng.choice(_CHANGES)(data, rng)
    return data


def _flip(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data) or 1)
    return (
        data[:place]
        + bytes([(data[place] if data else 0) ^ 1 << rng.randrange(8)])
        + (data[place + 1 :])
    )


def _overwrite(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data) or 1)
    return data[:place] + bytes([rng.randrange(256)]) + data[place + 1 :]


def _insert(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + rng.choice(TOKENS) + data[place:]


def _replace(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + rng.choice(TOKENS) + data[place + rng.randrange(1, 9) :]


def _drop(data: bytes, rng: random.Random) -> bytes:
    place = rng.randrange(len(data) + 1)
    return data[:place] + data[place + rng.choice((1, 1, 4, 40)) :]


def _repeat(data: bytes, rng: random.Random) -> bytes:
    place, size = rng.randrange(len(data) + 1), rng.choice((1, 8, 60))
    return data[: place + size] + data[place:]


def _cut(data: bytes, rng: random.Random) -> bytes:
    return data[: rng.randrange(len(data) + 1)]


def _number(data: bytes, rng: random.Random) -> bytes:
    place = 4 * rng.randrange(len(data) // 4 + 1)
    value = rng.choice((-1, 0, 1, 255, 65_536, 1 << 20, 0x7FFFFFFF, -(1 << 31)))
    return data[:place] + struct.pack("<i", value) + data[place + 4 :]


_CHANGES: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(_flip, _flip, _overwrite, _insert, _insert, _replace, _replace),
    *(_drop, _repeat, _cut, _number),
)


def packed(content: bytes) -> bytes:
    """The content as sound BGZF blocks."""
    blocks = []
    for start in range(0, len(content), 60_000):
        part = content[start : start + 60_000]
        packer = zlib.compressobj(1, zlib.DEFLATED, -15)
        body = packer.compress(part) + packer.flush()
        head = b"\x1f\x8b\x08\x04\0\0\0\0\0\xff\x06\0BC\x02\0" + struct.pack("<H", len(body) + 25)
        blocks.append(head + body + struct.pack("<2I", zlib.crc32(part), len(part)))
    return b"".join(blocks) + EOF_BLOCK


def mutant(target: Target, seed: int, number: int) -> bytes:
    """Mutant `number` of a target; the same for the same seed."""
    rng = random.Random(f"{seed} {target.name} {number}")
    content = mutated(target.seed, rng)
    return packed(content) if target.packed else content


def verdict(target: Target, path: Path) -> str:
    """What the product makes of a file, in one of: refused, agreed, and the kinds of BAD."""
    try:
        found = target.read(path)
    except (InputError, REFUSED):
        return "refused"
    except MemoryError:
        return "memory"
    except Exception as error:
        return f"traceback: {type(error).__name__}: {error}"
    try:
        expected: object = target.count(path)
    except FORBIDDEN as error:
        expected = f"refused ({type(error).__name__}: {error})"
    return "agreed" if found == expected else f"wrong count: {found}, other parser: {expected}"


def _examine(target: Target, seed: int, numbers: range, place: Any, queue: Any) -> None:
    """Child process: verdicts of many mutants, until one of them kills the process."""
    size = int(Path("/proc/self/statm").read_text().split()[0]) * resource.getpagesize()
    resource.setrlimit(resource.RLIMIT_AS, (size + (2 * MEGABYTES << 20), resource.RLIM_INFINITY))
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)  # what htslib remarks on
    if IN_MEMORY.is_dir():
        tempfile.tempdir = str(IN_MEMORY)
    tally: Counter[str] = Counter()
    told = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"mutant{target.suffix}"
        for number in numbers:
            place.value = number
            path.write_bytes(mutant(target, seed, number))
            signal.setitimer(signal.ITIMER_PROF, SECONDS)  # processor time; its signal kills
            signal.alarm(60)  # for a read that waits for ever
            said = verdict(target, path)
            signal.setitimer(signal.ITIMER_PROF, 0)
            signal.alarm(0)
            peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
            kind = "memory" if peak > MEGABYTES << 10 else said.partition(":")[0]
            tally[kind] += 1
            if kind in BAD:
                told.append((number, said))
            if kind == "memory":
                break
    place.value += 1
    queue.put((tally, told))


def campaign(target: Target, seed: int, mutants: int) -> tuple[Counter[str], list[tuple[int, str]]]:
    """(verdict -> files, [(mutant, what went wrong)]) of one parser."""
    context = multiprocessing.get_context("fork")
    tally: Counter[str] = Counter()
    told: list[tuple[int, str]] = []
    first = 0
    while first < mutants:
        place, queue = context.Value("l", first), context.SimpleQueue()
        numbers = range(first, min(first + 5_000, mutants))
        child = context.Process(target=_examine, args=(target, seed, numbers, place, queue))
        child.start()
        child.join()
        if child.exitcode == 0:
            found, wrong = queue.get()
            tally += found
            told += wrong
            first = place.value
            continue
        ended = -(child.exitcode or 0)
        kind = "hang" if ended in {signal.SIGPROF, signal.SIGALRM} else "crash"
        told.append((place.value, f"{kind}: process ended with {child.exitcode}"))
        tally[kind] += 1
        tally["lost verdicts"] += place.value - first
        first = place.value + 1
    return tally, told


def main() -> int:
    """Run the campaign; the exit code is 1 when anything went wrong."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mutants", type=int, default=10_000, help="per parser")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", nargs="*", default=[], help="names of parsers")
    parser.add_argument("--keep", type=Path, help="folder for the files that went wrong")
    arguments = parser.parse_args()
    total: Counter[str] = Counter()
    print("parser\tmutants\trefused\tagreed\t" + "\t".join(BAD), flush=True)
    for target in targets():
        if arguments.only and target.name not in arguments.only:
            continue
        tally, told = campaign(target, arguments.seed, arguments.mutants)
        total += tally
        cells = [tally["refused"], tally["agreed"], *(tally[kind] for kind in BAD)]
        print(target.name, sum(tally.values()), *cells, sep="\t", flush=True)
        for number, what in told[:5]:
            print(f"    {target.name} mutant {number}: {what[:300]}", flush=True)
            if arguments.keep:
                name = f"{target.name.replace(' ', '_')}-{number}{target.suffix}"
                arguments.keep.mkdir(parents=True, exist_ok=True)
                (arguments.keep / name).write_bytes(mutant(target, arguments.seed, number))
    cells = [total["refused"], total["agreed"], *(total[kind] for kind in BAD)]
    print("all", sum(total.values()), *cells, sep="\t")
    return int(any(total[kind] for kind in BAD))


if __name__ == "__main__":
    sys.exit(main())
