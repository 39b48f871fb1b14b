"""What do the facts of an image file cost beside decoding it? Prints times and their ratio.

    python benchmarks/image_facts.py FOLDER [--images N] [--rounds R]

Every round decodes each of the first N JPEGs of FOLDER to 512 px, and then gathers its facts as an
audit does, from 256 px and, where writing may be, from 512 px; one after the other, on one core.
The fastest round counts, for decoding and for facts with the decoding that they need.
"""

import argparse
import time
from functools import partial
from pathlib import Path

from cygnet.images.decode import decode_to_size
from cygnet.images.image_facts import image_facts

SIZE_PX = 512


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--images", type=int, default=150)
    parser.add_argument("--rounds", type=int, default=5)
    options = parser.parse_args()
    files = sorted(options.folder.glob("*.jpg"))[: options.images]
    contents = [file.read_bytes() for file in files]
    rounds = []
    for _ in range(options.rounds):
        decoding = facts = 0.0
        for file, data in zip(files, contents, strict=True):
            start = time.process_time()
            decode_to_size(data, SIZE_PX, file=file)
            middle = time.process_time()
            pixels = decode_to_size(data, SIZE_PX // 2, file=file)
            image_facts(data, pixels, closer=partial(decode_to_size, data, SIZE_PX, file=file))
            decoding += middle - start
            facts += time.process_time() - middle
        rounds.append((1000 * decoding / len(files), 1000 * facts / len(files)))
    decoding, facts = (min(times) for times in zip(*rounds, strict=True))
    print(f"{len(files)} images at {SIZE_PX} px, milliseconds an image, fastest of {len(rounds)}:")
    print(f"decoding {decoding:.2f}, facts {facts:.2f}, ratio {facts / decoding:.2f}")
    print(f"speed beside decoding alone: {decoding / facts:.0%}")


if __name__ == "__main__":
    main()
