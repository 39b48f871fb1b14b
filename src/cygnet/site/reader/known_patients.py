"""Which patients of a DATA on this machine can be read? By their table; pictures when asked for."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl

from cygnet.cohort.layout import locate_images
from cygnet.cohort.table import read_dataset
from cygnet.site.reader.asking import About
from cygnet.site.reader.uploads import MOST_IMAGES, Upload


@dataclass(frozen=True, slots=True, eq=False)
class KnownPatients:
    """A dataset's patients: how many pictures each has here, and where these are."""

    table: pl.DataFrame
    files: dict[str, Path]

    @classmethod
    def of(cls, data: Path) -> "KnownPatients":
        """Read the table of ``data``; raises :class:`TableError` for what is none."""
        dataset = read_dataset(data)
        cohort = dataset.train
        files = locate_images(dataset.layout, cohort.part)
        present = cohort.table.filter(
            pl.col("image_name").is_in(list(files)) & pl.col("patient_id").is_not_null()
        )
        return cls(present, files)

    def counts(self) -> list[tuple[str, int]]:
        """Give each patient and the number of their pictures, those with most first."""
        found = (
            self.table.group_by("patient_id")
            .len("n")
            .sort(["n", "patient_id"], descending=[True, False])
        )
        return [(str(name), int(n)) for name, n in found.iter_rows()]

    def uploads(self, patient_id: str) -> tuple[list[Upload], About]:
        """Read a patient's pictures, and what the table tells of them; empty for a stranger."""
        rows = self.table.filter(pl.col("patient_id") == patient_id).head(MOST_IMAGES + 1)
        found = []
        for row in rows.iter_rows(named=True):
            path = self.files[row["image_name"]]
            site = row.get("anatom_site_general_challenge")
            try:
                data = path.read_bytes()
            except OSError:
                data = b""  # told beside its name, as an empty file is
            found.append(Upload(path.name, data, site, row.get("lesion_id")))
        first = next(rows.iter_rows(named=True), {})
        return found, About(first.get("age_approx"), first.get("sex"))
