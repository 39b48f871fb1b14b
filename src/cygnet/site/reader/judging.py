"""One patient's pictures in, judged lesions out: decode and ask, batch by batch, told as it goes.

What is told of lesions together (order, context, looks) is computed anew from what is kept here
whenever a place or an age changes; see ``together``.
"""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextvars import copy_context
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from cygnet.context.stage import Stage
from cygnet.images.decode import decode_to_size
from cygnet.inference.model import Model, open_model
from cygnet.inference.predict import check_decoding
from cygnet.pipeline.context_apply import stage_of
from cygnet.site.reader.asking import About, ask, heat_of
from cygnet.site.reader.cautions import Caution, Held, caution, cautions_of
from cygnet.site.reader.frequencies import Evidence
from cygnet.site.reader.places import site_of
from cygnet.site.reader.uploads import (
    MOST_IMAGES,
    OTHER_PATIENT,
    TOO_MANY,
    FileFault,
    Picture,
    Upload,
    other_patients,
    own_fault,
    read_picture,
)

_BATCH = 8


@dataclass(slots=True, eq=False)
class Lesion:
    """One picture of a lesion and what the model says of it alone.

    ``by_fold`` is ``(folds,)``, ``embedding`` ``(folds, width)``. ``place`` is a key of ``places``;
    ``earlier`` the same lesion at an earlier date.
    """

    picture: Picture
    cautions: tuple[Caution, ...]
    by_fold: NDArray[np.float64]
    embedding: NDArray[np.float32]
    place: str | None = None
    earlier: "Lesion | None" = None

    @property
    def probability(self) -> float:
        """The mean over the folds of their calibrated probabilities."""
        return float(self.by_fold.mean())

    @property
    def is_withheld(self) -> bool:
        """Whether the model's evaluation holds nothing like this picture."""
        return any(one.withholds for one in self.cautions)

    @property
    def site(self) -> str | None:
        """The body site by its place, or by its table."""
        return site_of(self.place, self.picture.site)


@dataclass(slots=True, eq=False)
class Patient:
    """All that is kept of one patient, in memory alone; ``lock`` guards what pages change."""

    about: About
    lesions: list[Lesion]
    faults: list[FileFault]
    is_sample: bool = False
    prevalence: float | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def n_bytes(self) -> int:
        """Encoded bytes that are kept."""
        every = [*self.lesions, *(one.earlier for one in self.lesions if one.earlier)]
        return sum(one.picture.n_bytes for one in every)


@dataclass(frozen=True, slots=True)
class Step:
    """One file has been read, or not: how many of all are done, and what came of it."""

    done: int
    total: int
    name: str
    lesion: Lesion | None
    fault: FileFault | None


class Reader:
    """An opened model and all that reading needs of it; safe to use from several threads."""

    def __init__(self, model: Model, stage: Stage | None, threads: int) -> None:
        self.model, self.stage = model, stage
        self.held = Held.of(model.description)
        self.evidence = Evidence.of(model.description, model.context)
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="decode")

    @classmethod
    def open(cls, model: Path, threads: int | None = None) -> "Reader":
        """Open a RUN or a ``model.onnx``; raises :class:`ModelError` for what cannot be used."""
        count = threads or min(os.cpu_count() or 1, 8)
        opened = open_model(model, threads=count)
        check_decoding(opened)
        return cls(opened, stage_of(opened), count)

    def close(self) -> None:
        """Let the threads go."""
        self._pool.shutdown()

    def read(
        self,
        uploads: Sequence[Upload],
        about: About,
        tell: Callable[[Step], None] = lambda _: None,
    ) -> Patient:
        """Read all of ``uploads``; what cannot be read is a fault, and the others go on."""
        taken, beyond = uploads[:MOST_IMAGES], uploads[MOST_IMAGES:]
        patient = Patient(about, [], [own_fault(TOO_MANY, one.name) for one in beyond])
        others = set(other_patients(taken))
        kept = [one for at, one in enumerate(taken) if at not in others]
        patient.faults += [own_fault(OTHER_PATIENT, taken[at].name) for at in sorted(others)]
        done = len(uploads) - len(kept)
        for lesion_or_fault, name in self._judged(kept, about):
            done += 1
            if isinstance(lesion_or_fault, FileFault):
                patient.faults.append(lesion_or_fault)
                tell(Step(done, len(uploads), name, None, lesion_or_fault))
            else:
                patient.lesions.append(lesion_or_fault)
                tell(Step(done, len(uploads), name, lesion_or_fault, None))
        return patient

    def told_anew(self, patient: Patient, about: About) -> None:
        """Ask the model again, where it takes what is told of the patient and of places."""
        with patient.lock:
            patient.about = about
            if not self.model.takes_patient:
                return
            for start in range(0, len(patient.lesions), _BATCH):
                batch = patient.lesions[start : start + _BATCH]
                pixels = np.stack([self._network(one) for one in batch])
                said = ask(self.model, pixels, about, [one.site for one in batch])
                for at, one in enumerate(batch):
                    one.by_fold, one.embedding = said.by_fold[at], said.embedding[at]

    def heat(self, patient: Patient, lesion: Lesion) -> NDArray[np.float32] | None:
        """Give what each place of a lesion's picture added; ``None`` where the model cannot."""
        if not self.model.has_maps:
            return None
        return heat_of(self.model, self._network(lesion), patient.about, lesion.site)

    def _network(self, lesion: Lesion) -> NDArray[np.uint8]:
        return decode_to_size(lesion.picture.data, self.model.size_px, self.model.geometry)

    def _judged(
        self, uploads: Sequence[Upload], about: About
    ) -> Iterator[tuple[Lesion | FileFault, str]]:
        """Decode ahead in threads, and ask the model a batch at a time, in the order given."""
        waiting: list[Future[_LookedAt | FileFault]] = []
        ahead = 2 * _BATCH
        for start in range(0, len(uploads), _BATCH):
            while len(waiting) < min(start + ahead, len(uploads)):
                upload = uploads[len(waiting)]
                # In the language spoken here, which a thread does not know by itself.
                spoken = copy_context()
                waiting.append(self._pool.submit(spoken.run, self._looked_at, upload))
            batch = [one.result() for one in waiting[start : start + _BATCH]]
            # Their pixels are let go with the batch.
            waiting[start : start + _BATCH] = [_DONE] * len(batch)
            good = [one for one in batch if not isinstance(one, FileFault)]
            lesions = iter(self._asked(good, about) if good else [])
            for upload, one in zip(uploads[start : start + _BATCH], batch, strict=True):
                yield (one if isinstance(one, FileFault) else next(lesions)), upload.name

    def _looked_at(self, upload: Upload) -> "_LookedAt | FileFault":
        opened = read_picture(upload, self.model.size_px, self.model.geometry)
        if isinstance(opened, FileFault):
            return opened
        picture = opened.picture
        known = self.model.was_trained_on(Path(picture.name).stem)
        size = (picture.width_px, picture.height_px)
        told = cautions_of(opened.shown, size, self.held, trained_on=known)
        return _LookedAt(picture, opened.network, told)

    def _asked(self, looked_at: Sequence["_LookedAt"], about: About) -> list[Lesion]:
        pixels = np.stack([one.network for one in looked_at])
        said = ask(self.model, pixels, about, [one.picture.site for one in looked_at])
        found = []
        for at, one in enumerate(looked_at):
            told = one.cautions
            if said.unlike[at]:
                told = (caution("unlike"), *told)
            found.append(Lesion(one.picture, told, said.by_fold[at], said.embedding[at]))
        return found


@dataclass(frozen=True, slots=True, eq=False)
class _LookedAt:
    picture: Picture
    network: NDArray[np.uint8]
    cautions: tuple[Caution, ...]


_DONE: "Future[_LookedAt | FileFault]" = Future()
