"""Write the digests of the published rows of ISIC 2020 anew.

    python tests/cohort/published_digests.py DATA

DATA is a folder with the published tables, version 2 for the lesions among them. A test holds
``published_rows.npz`` against what this gives.
"""

import sys
from importlib.resources import as_file, files
from pathlib import Path

from cygnet.cohort.published import packed_digests
from cygnet.cohort.table import read_dataset
from cygnet.durable import write_whole


def digests_of(data: Path) -> bytes:
    """Give the file of digests of the tables in the folder ``data``."""
    dataset = read_dataset(data)
    return packed_digests({cohort.part: cohort.table for cohort in dataset.parts})


def main() -> None:
    """Write the file into the package."""
    digests = digests_of(Path(sys.argv[1]))
    here = files("cygnet.cohort").joinpath("published_rows.npz")
    with as_file(here) as path, write_whole(path) as stream:
        stream.write(digests)


if __name__ == "__main__":
    main()
