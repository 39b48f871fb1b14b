"""Which attributes give the target away without the lesion? Those that are surely above chance."""

from collections.abc import Iterator

from cygnet.curation.checks.seen import Seen
from cygnet.curation.findings import Example, Finding, found
from cygnet.curation.giveaways import TOGETHER


def shortcuts(seen: Seen) -> Iterator[Finding]:
    """Tell each attribute that alone tells melanomas from benign lesions, the strongest first."""
    for one in seen.giveaways:
        if not one.tells:
            continue
        auroc = one.auroc
        reached = f"{auroc.estimate:.3f} ({auroc.lower:.3f} to {auroc.upper:.3f})"
        yield found(
            "strong-shortcut" if one.is_strong else "shortcut",
            f"{one.label} ({one.sees}) {'reach' if one.name == TOGETHER else 'alone reaches'} AUROC"
            f" {reached}, out of fold on {one.n_images:,} images. {one.meaning}",
            count=one.n_images,
            examples=[Example(f"AUROC {reached}")],
            subject=one.name,
        )
