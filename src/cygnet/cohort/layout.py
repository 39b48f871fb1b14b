"""How is a dataset laid out? The names of its tables, and the folders of its images.

Recognises the layouts in which ISIC 2020, HAM10000 and the ISIC Archive are handed out, and a
single CSV. Looks at names and headers only; it refuses to guess between two tables.
"""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

from cygnet.cohort.columns import Part, spelled_columns
from cygnet.errors import Offender, TableError
from cygnet.vocabulary import IMAGE_SUFFIXES

LayoutName = Literal["kaggle", "isic2020", "ham10000", "isic-archive", "table"]

_TITLES: Final[dict[LayoutName, str]] = {
    "kaggle": "Kaggle layout",
    "isic2020": "ISIC 2020 layout",
    "ham10000": "HAM10000 layout",
    "isic-archive": "ISIC Archive download",
    "table": "Single table",
}

_V2: Final = "ISIC_2020_Training_GroundTruth_v2.csv"
_V1: Final = "ISIC_2020_Training_GroundTruth.csv"
_DUPLICATES: Final = "ISIC_2020_Training_Duplicates.csv"
_SIZES: Final = "_original_size.csv"
_HAM_TABLES: Final = ("HAM10000_metadata.csv", "HAM10000_metadata")

# Tried in this order; each zip file that ISIC hands out unpacks under one of these names.
_TRAIN_FOLDERS: Final = (
    "jpeg/train",
    "ISIC_2020_Training_Input",
    "ISIC_2020_Training_JPEG",
    "ISIC_2020_Training_JPEG/train",
    "ISIC_2020_Training_Dicom",
    "ISIC_2020_Training_Dicom/train",
    "ISIC_2020_Train_DICOM_corrected",
    "ISIC_2020_Train_DICOM_corrected/train",
    "train",
)
_TEST_FOLDERS: Final = (
    "jpeg/test",
    "ISIC_2020_Test_Input",
    "ISIC_2020_Test_JPEG",
    "ISIC_2020_Test_JPEG/ISIC_2020_Test_Input",
    "ISIC_2020_Test_Dicom",
    "ISIC_2020_Test_Dicom/test",
    "ISIC_2020_Test_DICOM_corrected",
    "ISIC_2020_Test_DICOM_corrected/test",
    "test",
)
_FLAT_FOLDERS: Final = ("jpeg", "images", "HAM10000_images_part_1", ".")
_HAM_SECOND_FOLDER: Final = "HAM10000_images_part_2"


@dataclass(frozen=True)
class Layout:
    """Where the tables and the images of one dataset stand; a path that is None is not there.

    ``image_suffix`` is that of the training images. ``lesion_table`` is a second table of the
    same images that adds ``lesion_id``.
    """

    name: LayoutName
    root: Path
    train_table: Path
    test_table: Path | None = None
    train_images: Path | None = None
    test_images: Path | None = None
    more_train_images: tuple[Path, ...] = ()
    image_suffix: str = ".jpg"
    lesion_table: Path | None = None
    duplicates_table: Path | None = None
    train_sizes: Path | None = None
    test_sizes: Path | None = None

    @property
    def title(self) -> str:
        """The layout's name as a reader says it."""
        return _TITLES[self.name]

    def sentence(self) -> str:
        """Say in one line what was recognised."""
        tables = [self.train_table, self.test_table]
        parts = ["tables " + " and ".join(table.name for table in tables if table is not None)]
        folders = [self.train_images, *self.more_train_images, self.test_images]
        images = [self._inside(folder) for folder in folders if folder is not None]
        parts.append("images in " + " and ".join(images) if images else "no images")
        if self.lesion_table is not None:
            parts.append(f"lesion_id from {self.lesion_table.name}")
        if self.duplicates_table is not None:
            parts.append(f"duplicates from {self.duplicates_table.name}")
        sizes = [path.name for path in (self.train_sizes, self.test_sizes) if path is not None]
        if sizes:
            parts.append("original sizes from " + " and ".join(sizes))
        return f"{self.title} in {self.root}: {'; '.join(parts)}."

    def _inside(self, folder: Path) -> str:
        return folder.relative_to(self.root).as_posix() if folder != self.root else "the folder"

    def image_folders(self, part: Part) -> tuple[Path, ...]:
        """Give the folders in which the images of ``part`` are looked for."""
        if part == "test":
            return (self.test_images,) if self.test_images is not None else ()
        return (*((self.train_images,) if self.train_images else ()), *self.more_train_images)


def recognise_layout(data: Path) -> Layout:
    """Recognise what stands at ``data``, a folder or one CSV file.

    Raises :class:`TableError` when nothing is there, it cannot be read, no known table is in the
    folder, or several tables are there and none has a known name.
    """
    try:
        return _recognised(data)
    except OSError as error:
        raise TableError.of(
            f"This cannot be read ({error.strerror}).",
            "Check the path, and the permissions of the folder and its files.",
            file=data,
        ) from error


def _recognised(data: Path) -> Layout:
    if data.is_file():
        return Layout(
            name="table",
            root=data.parent,
            train_table=data,
            duplicates_table=_present(data.parent, (_DUPLICATES,)),
            train_sizes=_sizes(data),
        )
    if not data.is_dir():
        raise TableError.of(
            "There is no such file or folder.", "Check the path for a slip.", file=data
        )
    for recognise in (_kaggle, _isic2020, _metadata, _only_table):
        layout = recognise(data)
        if layout is not None:
            return layout
    raise _unrecognised(data)


def locate_images(layout: Layout, part: Part) -> dict[str, Path]:
    """Give the file of every image of ``part`` by its image_name, the file's name without suffix.

    Reads each folder once and takes ``.jpg``, ``.jpeg``, ``.png`` and ``.dcm`` in any case; where
    one image is there in several formats, the first of these. An identifier of a table is only
    ever looked up here, never made into a path.
    """
    found: dict[str, Path] = {}
    rank = {suffix: index for index, suffix in enumerate(IMAGE_SUFFIXES)}
    for folder in layout.image_folders(part):
        for entry in _image_entries(folder):
            name, suffix = os.path.splitext(entry.name)  # noqa: PTH122  # 40,000 names: no Path each
            other = found.get(name)
            if other is None or rank[suffix.lower()] < rank[other.suffix.lower()]:
                found[name] = folder / entry.name
    return found


def _image_entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    try:
        entries = os.scandir(folder)
    except OSError as error:
        raise TableError.of(
            f"This folder cannot be read ({error.strerror}).", "Check its permissions.", file=folder
        ) from error
    with entries:
        for entry in entries:
            # macOS leaves "._name.jpg" beside an image; it holds no picture.
            if entry.name.startswith("."):
                continue
            if entry.name.lower().endswith(IMAGE_SUFFIXES) and entry.is_file():
                yield entry


def _present(folder: Path, names: Sequence[str]) -> Path | None:
    return next((folder / name for name in names if (folder / name).is_file()), None)


def _sizes(table: Path, *more: str) -> Path | None:
    return _present(table.parent, (table.stem + _SIZES, *more))


def _images(root: Path, candidates: Sequence[str]) -> tuple[Path | None, str]:
    """Give the first folder that holds an image, else the first there is, and its suffix."""
    there = [root / name for name in candidates if (root / name).is_dir()]
    for folder in there:
        entry = next(_image_entries(folder), None)
        if entry is not None:
            return folder, Path(entry.name).suffix.lower()
    empty = [folder for folder in there if folder != root]
    return (empty[0] if empty else None), ".jpg"


def _kaggle(root: Path) -> Layout | None:
    train = _present(root, ("train.csv",))
    if train is None:
        return None
    return _with_parts("kaggle", root, train, _present(root, ("test.csv",)), (_V2,))


def _isic2020(root: Path) -> Layout | None:
    train = _present(root, (_V1, _V2))
    if train is None:
        return None
    test = _present(root, ("ISIC_2020_Test_Metadata.csv",))
    return _with_parts("isic2020", root, train, test, (_V2,))


def _with_parts(
    name: LayoutName, root: Path, train: Path, test: Path | None, lesion_tables: Sequence[str]
) -> Layout:
    train_images, suffix = _images(root, _TRAIN_FOLDERS)
    test_images, _ = _images(root, _TEST_FOLDERS)
    lesions = _present(root, lesion_tables)
    return Layout(
        name=name,
        root=root,
        train_table=train,
        test_table=test,
        train_images=train_images,
        test_images=test_images,
        image_suffix=suffix,
        lesion_table=lesions if lesions != train else None,
        duplicates_table=_present(root, (_DUPLICATES,)),
        train_sizes=_sizes(train, "train" + _SIZES),
        test_sizes=None if test is None else _sizes(test, "test" + _SIZES),
    )


def _metadata(root: Path) -> Layout | None:
    table = _present(root, ("metadata.csv", *_HAM_TABLES))
    if table is None:
        return None
    with table.open("rb") as stream:
        header = stream.readline().decode("utf-8-sig", errors="replace").strip()
    columns = [name.strip().strip('"') for name in header.split(",")]
    if "dx" in columns:
        return _flat("ham10000", root, table)
    archive = spelled_columns(columns).get("image_name") == "isic_id"
    return _flat("isic-archive" if archive else "table", root, table)


def _flat(name: LayoutName, root: Path, table: Path) -> Layout:
    images, suffix = _images(root, _FLAT_FOLDERS)
    second = root / _HAM_SECOND_FOLDER
    return Layout(
        name=name,
        root=root,
        train_table=table,
        train_images=images,
        more_train_images=(second,) if name == "ham10000" and second.is_dir() else (),
        image_suffix=suffix,
        duplicates_table=_present(root, (_DUPLICATES,)),
        train_sizes=_sizes(table),
    )


def _tables(root: Path) -> list[Path]:
    return sorted(
        path
        for path in root.glob("*.csv")
        if path.is_file() and path.name != _DUPLICATES and not path.name.endswith(_SIZES)
    )


def _only_table(root: Path) -> Layout | None:
    tables = _tables(root)
    return _flat("table", root, tables[0]) if len(tables) == 1 else None


def _unrecognised(data: Path) -> TableError:
    looked_for = f"train.csv, {_V2}, {_V1}, metadata.csv, {_HAM_TABLES[0]}"
    below = sorted(
        folder.name
        for folder in data.iterdir()
        if folder.is_dir() and (_kaggle(folder) or _isic2020(folder) or _metadata(folder))
    )
    if below:
        return TableError.of(
            f"No table with a known name is in this folder ({looked_for}); a folder in it has one.",
            "Give that folder.",
            file=data,
            offenders=[Offender(name) for name in below],
        )
    tables = _tables(data)
    if tables:
        return TableError.of(
            f"Several tables are in this folder and none has a known name ({looked_for}).",
            "Give the path of the table that is meant, or rename it train.csv.",
            file=data,
            offenders=[Offender(table.name) for table in tables],
        )
    return TableError.of(
        f"No table is in this folder; looked for {looked_for}, or one other CSV file.",
        "Give the folder that holds the table, or the CSV file itself.",
        file=data,
    )
