"""Write a pack of raw pixels from arrays: for benchmarks that need a pack and have no files.

Needs numpy and pyarrow alone, so that it runs where training runs.
"""

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from cygnet.images.pack_format import INDEX_NAME, PackParameters, shard_name


def write_raw_pack(
    folder: Path, n_images: int, size_px: int, picture: Callable[[int], NDArray[np.uint8]]
) -> list[str]:
    """Write ``n_images`` pictures, ``picture(number)`` each, and give their names."""
    parameters = PackParameters(size_px)
    schema = parameters.schema({"left_out": [], "notes": []})
    folder.mkdir(parents=True)
    a_shard = parameters.images_a_shard(n_images)
    entries, names = [], []
    for number, start in enumerate(range(0, n_images, a_shard)):
        chosen = range(start, min(n_images, start + a_shard))
        block = np.stack([picture(index) for index in chosen])
        lists = pa.FixedSizeListArray.from_arrays(
            pa.array(block.reshape(-1)), parameters.image_bytes
        )
        own = [f"image-{index:07d}" for index in chosen]
        columns = [
            pa.array(own, pa.string()),
            pa.ExtensionArray.from_storage(schema.field("image").type, lists),
            pa.array([bytes(32)] * len(own), pa.binary(32)),
        ]
        batch = pa.record_batch(columns, schema=schema)
        file = folder / shard_name(number)
        with pa.OSFile(str(file), "wb") as stream, pa.ipc.new_file(stream, schema) as writer:
            writer.write_batch(batch)
        entries.append({"file": file.name, "n_images": len(own), "bytes": file.stat().st_size})
        names += own
    index = parameters.as_json() | {"n_images": n_images, "shards": entries}
    (folder / INDEX_NAME).write_text(json.dumps(index), encoding="utf-8")
    return names
