"""Does the reader bear 64 clients at once for a minute? Answers, refusals, and its memory.

Each client sends pictures to ``POST /v1/read`` again and again; where it is told to come again it
waits as long as it is told. Printed are the answers by status, and the memory of the server at the
first third of the time and at the end: flat is what is asked for.

    python benchmarks/reader_load.py MODEL --images FOLDER [--clients 64] [--seconds 60]
"""

import argparse
import asyncio
import re
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import httpx
import psutil

_GROWTH_MB = 64


async def _client(
    address: str, files: list[tuple[str, tuple[str, bytes]]], until: float, told: Counter[str]
) -> None:
    async with httpx.AsyncClient(timeout=120) as client:
        while time.monotonic() < until:
            try:
                answer = await client.post(f"{address}v1/read", files=files)
            except httpx.TransportError as error:
                told[type(error).__name__] += 1
                await asyncio.sleep(0.5)
                continue
            told[str(answer.status_code)] += 1
            if answer.status_code == 503:
                await asyncio.sleep(float(answer.headers["retry-after"]))


async def _memory(process: int, until: float, seconds: float) -> tuple[float, float, float]:
    """Give the resident memory in MB after a third of the time, at the end, and the most."""
    watched = psutil.Process(process)
    third, most, now = 0.0, 0.0, 0.0
    while time.monotonic() < until:
        now = watched.memory_info().rss / 1e6
        most = max(most, now)
        if time.monotonic() < until - 2 * seconds / 3:
            third = most
        await asyncio.sleep(0.25)
    return third, now, most


async def _whole(
    address: str, process: int, pictures: list[Path], clients: int, seconds: float
) -> tuple[Counter[str], tuple[float, float, float]]:
    files = [("images", (path.name, path.read_bytes())) for path in pictures]
    told: Counter[str] = Counter()
    until = time.monotonic() + seconds
    memory = asyncio.ensure_future(_memory(process, until, seconds))
    await asyncio.gather(*(_client(address, files, until, told) for _ in range(clients)))
    return told, await memory


def measure(
    model: Path, pictures: list[Path], clients: int, seconds: float
) -> tuple[Counter[str], tuple[float, float, float]]:
    """Start a reader, let the clients at it, stop it."""
    command = [sys.executable, "-m", "cygnet", "reader", str(model), "--port", "0"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            address = ""
            while not address and process.stderr is not None and process.poll() is None:
                found = re.search(r"reading at (\S+)", process.stderr.readline())
                address = found[1] if found else ""
            return asyncio.run(_whole(address, process.pid, pictures, clients, seconds))
        finally:
            process.terminate()


def main() -> None:
    """Print what came of it; exit with 1 where it was not borne."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("--images", type=Path, required=True)
    parser.add_argument("--n", type=int, default=4, help="pictures a request")
    parser.add_argument("--clients", type=int, default=64)
    parser.add_argument("--seconds", type=float, default=60)
    asked = parser.parse_args()
    pictures = sorted(asked.images.glob("*.jpg"))[: asked.n]
    told, (third, end, most) = measure(asked.model, pictures, asked.clients, asked.seconds)
    answers = ", ".join(f"{status} {n}" for status, n in sorted(told.items()))
    print(f"{asked.clients} clients, {asked.seconds:g} s, {len(pictures)} pictures a request")
    print(f"answers by status: {answers}")
    print(f"memory: {third:.0f} MB after a third, {end:.0f} MB at the end, {most:.0f} MB at most")
    borne = set(told) <= {"200", "503"} and told["200"] > 0 and end - third < _GROWTH_MB
    print("borne" if borne else "NOT borne")
    sys.exit(0 if borne else 1)


if __name__ == "__main__":
    main()
