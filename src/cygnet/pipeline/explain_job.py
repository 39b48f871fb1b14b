"""From a MODEL and images to pictures of where its numbers come from: PNG, JSON and a page."""

import json
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from cygnet.durable import folder_whole, write_text_whole, write_whole
from cygnet.errors import Fault, ImageError
from cygnet.images.decode import decode_to_size
from cygnet.inference.explain import SHOWN_PX, Explanation, encoded_png, explain, heat_map
from cygnet.inference.model import Model, open_model
from cygnet.inference.predict import bytes_of
from cygnet.pipeline.prediction_job import patients_of
from cygnet.pipeline.subjects import Subjects
from cygnet.report.explain_page import ExplainedImage, write_explain_page

PAGE = "index.html"
MOST_ON_PAGE = 200
_NO_CHECK = "This model was exported without the check of its maps against random weights."


@dataclass(slots=True)
class Explained:
    """What was made: how many images, those that could not be read, and the check's sentence."""

    n_images: int = 0
    bad: list[Fault] = field(default_factory=list)
    check: str = _NO_CHECK


def explain_to_folder(
    model_file: Path,
    subjects: Subjects,
    out: Path,
    *,
    skip_bad_images: bool = False,
    advance: Callable[[int], None] = lambda _: None,
) -> Explained:
    """Write NAME.png and NAME.json for each image, and ``index.html`` with the first 200.

    Raises :class:`ImageError` naming every image that cannot be read, unless they are skipped;
    nothing is written then.
    """
    model = open_model(model_file)
    patients = patients_of(model, subjects.table)
    made = Explained(check=check_sentence(model))
    shown: list[ExplainedImage] = []
    with folder_whole(out) as folder:
        for name, place in subjects.items:
            try:
                data = bytes_of(place)
                found = explain(model, data, patients.get(name))
            except ImageError as error:
                made.bad += [Fault(one.rule, one.remedy, Path(place)) for one in error.faults]
                continue
            finally:
                advance(1)
            picture = encoded_png(heat_map(model, data, found))
            with write_whole(folder / f"{name}.png") as stream:
                stream.write(picture)
            document = {"image_name": name, **found.as_json(), "check": made.check}
            write_text_whole(folder / f"{name}.json", json.dumps(document, allow_nan=False) + "\n")
            made.n_images += 1
            if len(shown) < MOST_ON_PAGE:
                lesion = encoded_png(decode_to_size(data, SHOWN_PX, model.geometry))
                shown.append(_on_page(name, lesion, picture, found))
        if made.bad and not skip_bad_images:
            raise ImageError(*made.bad)
        write_explain_page(folder / PAGE, shown, check=made.check, created=datetime.now(UTC))
    return made


def _on_page(name: str, lesion: bytes, picture: bytes, found: Explanation) -> ExplainedImage:
    return ExplainedImage(
        image_name=name,
        picture=lesion,
        heat_map=picture,
        probability=found.probability,
        logit=found.logit,
        places=float(found.places.sum()),
        bias=found.bias,
        patient=found.patient,
    )


def check_sentence(model: Model) -> str:
    """Say how the model's maps fared against those of random weights, when it was exported."""
    check = model.description.get("map_check")
    if not isinstance(check, dict):
        return _NO_CHECK
    whole, last, n_images = (check.get(key) for key in ("all_random", "last_random", "n_images"))
    numbers = [one for one in (whole, last) if isinstance(one, float) and math.isfinite(one)]
    if len(numbers) < 2:
        return _NO_CHECK
    return (
        f"Check: over {n_images} images the rank correlation of these maps with those of a network "
        f"of random weights is {numbers[0]:.2f}, with those of its own features and a random last "
        f"layer {numbers[1]:.2f}. Maps that show what was learnt lie near 0 (Adebayo et al. 2018)."
    )
