"""Commands of the cohort: draw one, audit it, fold it, find its duplicates, pack its images."""

from pathlib import Path
from typing import Annotated, Literal

import typer

from cygnet.cli import cohort_text, console

app = typer.Typer(help="A dataset of patients, lesions and images.", no_args_is_help=True)

Data = Annotated[
    Path, typer.Argument(metavar="DATA", help="Folder of tables and images, or one CSV file.")
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON.")]
Workers = Annotated[
    int | None,
    typer.Option(min=1, help="Processes to run on; by default one for each processor."),
]
Ray = Annotated[
    str | None, typer.Option("--ray", metavar="ADDRESS", help="Run on this Ray cluster instead.")
]

KnownDuplicates = Annotated[
    Path | None,
    typer.Option(
        "--duplicates",
        metavar="FILE",
        help="What duplicates --json gave: its pairs of equal and nearly equal pictures count too.",
    ),
]


@app.command()
def synth(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to make.")],
    *,
    patients: Annotated[int, typer.Option(min=1, help="Patients of the training set.")],
    seed: Annotated[int, typer.Option(help="The same seed gives the same bytes.")],
    size: Annotated[
        int | None,
        typer.Option(
            min=16, metavar="PX", help="Side of each image; by default sizes vary as in ISIC 2020."
        ),
    ] = None,
    image_format: Annotated[
        Literal["jpeg", "dicom"],
        typer.Option("--format", help="Format of the images."),
    ] = "jpeg",
    melanoma_prevalence: Annotated[
        float, typer.Option(min=0.0, max=1.0, help="Share of melanomas among training images.")
    ] = 0.0176,
    test_patients: Annotated[
        int | None,
        typer.Option(min=0, help="Patients of the test set; by default the share of ISIC 2020."),
    ] = None,
    no_images: Annotated[bool, typer.Option("--no-images", help="Write the tables only.")] = False,
    workers: Workers = None,
) -> None:
    """Draw a synthetic twin of ISIC 2020.

    Tables and pictures of patients who never were, laid out as on Kaggle.
    """
    from cygnet.curation.synth import count_images, write_twin

    total = 0 if no_images else count_images(patients, seed, n_test_patients=test_patients)
    with console.progress("Drawing lesions", total) as advance:
        summary = write_twin(
            out,
            n_patients=patients,
            n_test_patients=test_patients,
            seed=seed,
            size_px=size,
            image_format=image_format,
            melanoma_prevalence=melanoma_prevalence,
            images=not no_images,
            workers=workers,
            progress=advance,
        )
    console.output().print(f"Made {summary.sentence()}.")


@app.command()
def audit(
    data: Data,
    *,
    pixels: Annotated[
        bool,
        typer.Option("--pixels/--no-pixels", help="Open every image, or tables and names only."),
    ] = True,
    near: Annotated[
        bool, typer.Option("--near", help="Look for changed copies too; takes longer.")
    ] = False,
    all_writing: Annotated[
        bool,
        typer.Option(
            "--all-writing",
            help="Search small images for burned-in writing too, all of them; takes longer.",
        ),
    ] = False,
    duplicates_file: KnownDuplicates = None,
    html: Annotated[
        Path | None,
        typer.Option("--html", metavar="FILE", help="Write a page with pictures of what is found."),
    ] = None,
    baseline: Annotated[
        Path | None,
        typer.Option("--baseline", metavar="FILE", help="Findings that are known and accepted."),
    ] = None,
    baseline_out: Annotated[
        Path | None,
        typer.Option(
            "--write-baseline", metavar="FILE", help="Write all that is found as accepted."
        ),
    ] = None,
    workers: Workers = None,
    ray: Ray = None,
    as_json: Json = False,
) -> None:
    """Say what DATA holds, what is odd, and how far one gets without looking at a lesion.

    Tables against what was published and against sense, duplicates, shortcuts, privacy, faults of
    images; each finding with count, rows, evidence and remedy. Exits with 1 when there is an error
    among the findings that no baseline accepts.
    """
    from cygnet.cli.auditing import AuditRequest, print_and_write, run_audit

    request = AuditRequest(
        data,
        pixels,
        all_writing=all_writing,
        near=near,
        duplicates=duplicates_file,
        baseline=baseline,
        workers=workers,
        ray=ray,
    )
    found = run_audit(request)
    print_and_write(request, found, html=html, baseline=baseline_out, as_json=as_json)
    if not found.audit.ok:
        raise typer.Exit(1)


@app.command()
def folds(
    data: Data,
    *,
    out: Annotated[Path, typer.Option(metavar="FILE", help="Table of folds to write.")],
    k: Annotated[int, typer.Option("--k", min=2, help="Number of folds.")] = 5,
    seed: Annotated[int, typer.Option(help="The same seed gives the same folds.")] = 0,
    duplicates_file: KnownDuplicates = None,
    as_json: Json = False,
) -> None:
    """Deal the training images into folds.

    No patient, lesion or duplicate is in two of them; each has its share of melanomas, of images
    and of patients with many images.
    """
    from cygnet.cohort.folds import check_folds, make_folds, write_folds
    from cygnet.cohort.table import read_dataset
    from cygnet.curation.duplicates import linked_pairs
    from cygnet.curation.present import present_images

    dataset = read_dataset(data)
    linked = linked_pairs(dataset, present_images(dataset), duplicates_file)
    made = make_folds(dataset.train.table, k=k, seed=seed, linked=linked)
    report = check_folds(dataset.train.table, made, linked)
    write_folds(out, made)
    if as_json:
        console.print_json(report.as_json() | {"out": str(out), "seed": seed})
        return
    cohort_text.print_balance(report)
    console.output().print(f"Wrote the folds of {made.height:,} images to {out}.")


@app.command()
def check_folds(
    data: Data,
    folds_file: Annotated[
        Path, typer.Argument(metavar="FOLDS", help="Table with image_name and fold.")
    ],
    *,
    duplicates_file: KnownDuplicates = None,
    as_json: Json = False,
) -> None:
    """Judge anybody's folds.

    Is a patient, a lesion or a duplicate in two of them? Exits with 1 when one is.
    """
    from cygnet.cohort.folds import check_folds as judge
    from cygnet.cohort.folds import read_folds
    from cygnet.cohort.table import read_dataset
    from cygnet.curation.duplicates import linked_pairs
    from cygnet.curation.present import present_images

    dataset = read_dataset(data)
    given = read_folds(folds_file, dataset.train.table, partial=True)
    linked = linked_pairs(dataset, present_images(dataset), duplicates_file)
    report = judge(dataset.train.table, given, linked)
    if as_json:
        console.print_json(report.as_json())
    else:
        cohort_text.print_balance(report)
        cohort_text.print_verdict(report)
    if not report.ok:
        raise typer.Exit(1)


@app.command()
def duplicates(
    data: Data,
    *,
    no_pixels: Annotated[
        bool, typer.Option("--no-pixels", help="Compare lists, tables and bytes; decode nothing.")
    ] = False,
    exact: Annotated[
        bool, typer.Option("--exact", help="Find equal pixels only, no changed copies.")
    ] = False,
    pack_folder: Annotated[
        Path | None,
        typer.Option("--pack", metavar="DIR", help="Take the pixels from this pack of DATA."),
    ] = None,
    workers: Workers = None,
    ray: Ray = None,
    as_json: Json = False,
) -> None:
    """Find duplicates, changed copies among them.

    Pairs on the official list, of one lesion_id, equal byte for byte, equal pixel for pixel, and
    copies that were resized, compressed again, mirrored, turned, cropped, brightened or shifted in
    colour. Says of each pair what speaks for it and where the two rows disagree.
    """
    from cygnet.cohort.table import read_dataset
    from cygnet.curation.duplicates import find_duplicates
    from cygnet.curation.present import present_images

    if no_pixels and (exact or pack_folder is not None):
        raise typer.BadParameter("--no-pixels goes with neither --exact nor --pack.")
    if exact and pack_folder is not None:
        raise typer.BadParameter("--exact reads the files; it does not go with --pack.")
    dataset = read_dataset(data)
    found = find_duplicates(
        dataset,
        present_images(dataset),
        pixels="none" if no_pixels else "equal" if exact else "near",
        pack=pack_folder,
        workers=workers,
        ray_address=ray,
        bar=console.progress,
    )
    if as_json:
        console.print_json(found.as_json())
        return
    cohort_text.print_duplicates(found)


@app.command()
def pack(
    data: Data,
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder to make.")],
    *,
    size: Annotated[int, typer.Option(min=8, metavar="PX", help="Side of the packed images.")],
    geometry: Annotated[
        Literal["squash", "crop", "pad"], typer.Option(help="How a picture becomes square.")
    ] = "squash",
    workers: Workers = None,
    ray: Ray = None,
    skip_bad_images: Annotated[
        bool, typer.Option("--skip-bad-images", help="Leave out what cannot be decoded.")
    ] = False,
    allow_missing: Annotated[
        bool, typer.Option("--allow-missing", help="Pack the images that are there.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Pack the images of DATA for training.

    Resizes them once, into shards that are mapped into memory.
    """
    from cygnet.cohort.table import read_dataset
    from cygnet.curation.present import images_to_pack
    from cygnet.images.pack import write_pack

    dataset = read_dataset(data)
    items = images_to_pack(dataset, allow_missing=allow_missing)
    n_rows = sum(cohort.table.height for cohort in dataset.parts)
    with console.progress("Packing", len(items)) as advance:
        summary = write_pack(
            items,
            out,
            size_px=size,
            geometry=geometry,
            workers=workers,
            ray_address=ray,
            skip_bad=skip_bad_images,
            progress=advance,
        )
    n_missing = n_rows - len(items)
    if as_json:
        console.print_json(cohort_text.packed_json(summary, n_missing))
    else:
        cohort_text.print_packed(summary, n_missing, size)
