"""On a real Ray cluster of two workers, one of which dies half-way, each image is scored once."""

from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest

from cygnet.inference import predict
from cygnet.inference.predict import predict_files
from cygnet.pipeline.prediction_job import PredictionRequest, predict_to_table
from cygnet.pipeline.subjects import images_to_predict
from exported import write_small_model
from small_cohort import blob, jpeg

N_IMAGES = 240


@pytest.mark.slow
@pytest.mark.timeout(1200)
@pytest.mark.filterwarnings("ignore")
def test_nothing_is_lost_and_nothing_twice_when_a_worker_dies(
    tmp_path: Path, rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("ray", reason="needs Ray")
    from ray.cluster_utils import Cluster

    monkeypatch.setattr(predict, "_IMAGES_A_SHARD", 8)
    monkeypatch.setenv("RAY_memory_monitor_refresh_ms", "0")
    write_small_model(tmp_path / "model.onnx")
    pictures = tmp_path / "pictures"
    pictures.mkdir()
    for index in range(N_IMAGES):
        (pictures / f"ISIC_{index:07d}.jpg").write_bytes(jpeg(blob(rng, dark=index % 3 == 0)))
    subjects = images_to_predict([pictures], "test", allow_missing=False)
    head: dict[str, Any] = {"num_cpus": 0, "include_dashboard": False}
    cluster = Cluster(initialize_head=True, head_node_args=head, shutdown_at_exit=False)
    try:
        workers = [cluster.add_node(num_cpus=1) for _ in range(2)]
        done = [0]

        def advance(n_images: int) -> None:
            before, done[0] = done[0], done[0] + n_images
            if before < N_IMAGES / 2 <= done[0]:
                cluster.remove_node(workers[0], allow_graceful=False)

        request = PredictionRequest(
            model=tmp_path / "model.onnx",
            out=tmp_path / "predictions.csv",
            ray_address=cluster.address,
        )
        predict_to_table(request, subjects, advance)
        assert done[0] == N_IMAGES
        nodes: Any = cluster
        assert len(nodes.list_all_nodes()) == 2
    finally:
        shut: Any = cluster.shutdown
        shut()
    table = pl.read_csv(tmp_path / "predictions.csv")
    here = predict_files(tmp_path / "model.onnx", subjects.items)
    assert table["image_name"].to_list() == [name for name, _ in subjects.items]
    assert np.allclose(table["target"].to_numpy(), here.probability, atol=1e-6)
