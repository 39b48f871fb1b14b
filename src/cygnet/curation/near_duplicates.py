"""Which images are copies of one another, changed? By their keypoints, then laid over each other.

Finds copies that were resized, compressed again, mirrored, turned by any angle, cut, brightened or
shifted in colour, across all images at once, in four steps that each run on processes or a Ray
cluster: keypoints of every picture, like keypoints of all pictures, pairs of pictures whose like
keypoints lie alike, and of those the pairs whose pixels agree. One lesion photographed twice is
found too where its fine structure can be laid over itself; lesions that merely look alike are not.
See docs/decisions/near-duplicates.md.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from cygnet.curation.like_keypoints import KeypointNumbers, grouped_by_pair, like_keypoints
from cygnet.curation.pictures import Pictures
from cygnet.curation.seen_pictures import SeenPictures, learned_space, see_pictures
from cygnet.curation.shard_steps import Bar, LazyShards, StepRunner, no_bar
from cygnet.images.keypoints import KEYPOINTS_AN_IMAGE, Floats, read_thumbnail
from cygnet.images.overlay import Overlay, agreement, lay_over

_PAIRS_A_SHARD: Final = 1024
# A process takes a second to start; below this many images one does it all sooner.
_IMAGES_WORTH_WORKERS: Final = 200


@dataclass(frozen=True, slots=True)
class NearPair:
    """Two images of one picture, or one lesion, and how the first lies on the second.

    ``correlation`` (-1 to 1) is that of their fine structure where they overlap, ``overlap`` the
    share of the smaller that was compared; ``n_agreeing`` pairs of like keypoints lie as the whole
    does; ``scale`` is the length of a thing in the second over its length in the first, both
    pictures taken to be of one area.
    """

    image_name_1: str
    image_name_2: str
    correlation: float
    overlap: float
    n_agreeing: int
    mirrored: bool
    turned_degrees: float
    scale: float

    def as_json(self) -> dict[str, Any]:
        """Give what was measured, rounded to what it is good for."""
        return {
            "correlation": round(self.correlation, 3),
            "overlap": round(self.overlap, 3),
            "n_agreeing": self.n_agreeing,
            "mirrored": self.mirrored,
            "turned_degrees": round(self.turned_degrees, 1),
            "scale": round(self.scale, 3),
        }


@dataclass(frozen=True, slots=True)
class NearDuplicates:
    """The pairs found; of each readable image the digest of its pixels; the unreadable ones."""

    pairs: tuple[NearPair, ...]
    pixel_digests: dict[str, str]
    unreadable: tuple[str, ...]


def find_near_duplicates(
    pictures: Pictures,
    *,
    workers: int | None = None,
    ray_address: str | None = None,
    bar: Bar | None = None,
) -> NearDuplicates:
    """Find the pairs of ``pictures`` that are one picture.

    Of many copies of one picture each is paired with some of the others, not with all: follow the
    pairs. ``bar`` opens a progress bar for a step and its units.
    """
    if len(pictures) < _IMAGES_WORTH_WORKERS and workers is None:
        workers = 1
    run = StepRunner(workers, ray_address, bar or no_bar)
    seen = see_pictures(pictures, learned_space(pictures), run)
    one, two = like_keypoints(seen, run)
    seen.forget_codes()
    laid = _laid_over(seen, *grouped_by_pair(one, two, len(pictures)), run)
    pairs = _same_pictures(seen, laid, run)
    return NearDuplicates(pairs, seen.digests, tuple(seen.unreadable))


# -- Pairs of pictures whose like keypoints lie alike ---------------------------------------------


def _overlays(shard: Sequence[tuple[Floats, Floats]]) -> list[Overlay | None]:
    return [lay_over(*places) for places in shard]


class _Laid(NamedTuple):
    image_1: int
    image_2: int
    overlay: Overlay


def _laid_over(
    seen: SeenPictures,
    one: KeypointNumbers,
    two: KeypointNumbers,
    starts: KeypointNumbers,
    run: StepRunner,
) -> list[_Laid]:
    n_pairs = len(starts) - 1
    places = seen.places.reshape(-1, 4)
    firsts = range(0, n_pairs, _PAIRS_A_SHARD)

    def cut(index: int) -> list[tuple[Floats, Floats]]:
        pairs = range(firsts[index], min(firsts[index] + _PAIRS_A_SHARD, n_pairs))
        rows = (slice(starts[pair], starts[pair + 1]) for pair in pairs)
        return [(places[one[row]], places[two[row]]) for row in rows]

    laid = []
    for index, overlays in run.over(
        "Laying pictures over each other",
        _overlays,
        LazyShards(len(firsts), cut),
        lambda index: min(_PAIRS_A_SHARD, n_pairs - firsts[index]),
    ):
        for pair, overlay in enumerate(overlays, firsts[index]):
            if overlay is not None:
                at = starts[pair]
                image_1, image_2 = (int(side[at]) // KEYPOINTS_AN_IMAGE for side in (one, two))
                laid.append(_Laid(image_1, image_2, overlay))
    return sorted(laid, key=lambda found: found[:2])


# -- Of those, the pairs whose pixels agree -------------------------------------------------------


def _agreements(shard: Sequence[tuple[bytes, bytes, Overlay]]) -> list[Any]:
    return [
        agreement(read_thumbnail(one), read_thumbnail(two), overlay) for one, two, overlay in shard
    ]


def _same_pictures(
    seen: SeenPictures, laid: Sequence[_Laid], run: StepRunner
) -> tuple[NearPair, ...]:
    parts = [laid[at : at + _PAIRS_A_SHARD] for at in range(0, len(laid), _PAIRS_A_SHARD)]
    small = seen.thumbnails

    def cut(index: int) -> list[tuple[bytes, bytes, Overlay]]:
        return [(small[one], small[two], overlay) for one, two, overlay in parts[index]]

    pairs = []
    for index, agreements in run.over(
        "Comparing pixels",
        _agreements,
        LazyShards(len(parts), cut),
        lambda index: len(parts[index]),
    ):
        for (one, two, overlay), agreed in zip(parts[index], agreements, strict=True):
            if agreed.same_picture:
                pairs.append(_near_pair(seen.names[one], seen.names[two], overlay, agreed))
    return tuple(sorted(pairs, key=lambda pair: (pair.image_name_1, pair.image_name_2)))


def _near_pair(one: str, two: str, overlay: Overlay, agreed: Any) -> NearPair:
    mirrored, turned, scale = overlay.mirrored, overlay.turned_degrees, overlay.scale
    if one > two:
        # Said from the other side: a mirrored picture is turned by as much again.
        one, two, scale = two, one, 1 / scale
        turned = turned if mirrored else -turned
    return NearPair(
        one, two, agreed.correlation, agreed.overlap, overlay.n_agreeing, mirrored, turned, scale
    )
