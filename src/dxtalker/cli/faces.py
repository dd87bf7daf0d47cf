"""fit: photos of a person, or chance, become a head."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from tyro.conf import Positional, arg

from ..errors import BadInput
from .options import Outputs
from .progress import Bars

if TYPE_CHECKING:
    import numpy as np

    from ..face.head import Head


def fit(
    photos: Positional[tuple[Path, ...]] = (),
    outputs: Outputs = (),
    preview: Annotated[Path | None, arg(metavar="PNG")] = None,
    sheet: Annotated[Path | None, arg(metavar="PNG")] = None,
    random: bool = False,
    seed: int = 0,
    age: float | None = None,
    sex: Literal["female", "male"] | None = None,
    face: Annotated[Path | None, arg(metavar="PATH")] = None,
    quiet: bool = False,
) -> None:
    """Photos of a person become a head of their own, rigged and ready to speak.

    PHOTOS show one person, who has agreed to it: a likeness needs its owner's consent. One from the front is
    enough; more, from other sides, tell more. The extension of each -o PATH decides what is written: .npz a head
    for speak --face; .glb .vrm .usdz .usdc .usda a rigged head with an idle loop, for engines.

    Args:
        photos: one or several photos of one person
        outputs: where to write; may be given several times
        preview: a picture of the photos and the head beside them
        sheet: a picture of all shapes and visemes of the head
        random: no photo: a person who does not exist
        seed: another seed, another stranger; and another idle loop
        age: years of the stranger, 6 to 90; default: an adult
        sex: of the stranger; default: by chance
        face: no photo: preview or convert this head, as in speak --face
        quiet: no progress bar, no remarks
    """
    from ..pipeline import check_face_output, save_face

    _check(photos, outputs, preview, sheet, random, face)
    if not random and (age is not None or sex is not None):
        raise BadInput("an age or a sex was asked for, which only a stranger can have; add --random")
    for path in outputs:
        check_face_output(path)
    for path in (preview, sheet):
        if path is not None and path.suffix.lower() != ".png":
            raise BadInput(f"cannot write {path.name}; previews and sheets are .png pictures")
    with Bars(quiet) as progress:
        if photos:
            from ..face.likeness import Sculptor

            likeness = Sculptor().likeness(photos, photos[0].stem, progress)
            head, shots = likeness.head, likeness.shots
            if not quiet:
                for note in likeness.notes:
                    print(f"dxtalker: note: {note}", file=sys.stderr)
        else:
            head, shots = _without_photo(random, seed, age, sex, face), ()
        for path in outputs:
            save_face(head, path, seed)
        if preview:
            from ..render.preview import fit_preview

            _save_picture(preview, fit_preview(head, shots))
        if sheet:
            from ..render.sheet import contact_sheet

            _save_picture(sheet, contact_sheet(head))
    for path in (*outputs, *(picture for picture in (preview, sheet) if picture)):
        print(path)


def _check(
    photos: tuple[Path, ...],
    outputs: tuple[Path, ...],
    preview: Path | None,
    sheet: Path | None,
    random: bool,
    face: Path | None,
) -> None:
    sources = bool(photos) + random + (face is not None)
    if sources > 1:
        raise BadInput("give photos, or --random, or --face: only one of them can be the head")
    if not sources and not sheet:
        raise BadInput(
            "there is no photo; give one, as in: dxtalker fit me.jpg -o me.head.npz (or add --random)"
        )
    if not (outputs or preview or sheet):
        raise BadInput("there is nothing to write; name an output, as in: -o me.head.npz or --preview me.png")


def _without_photo(random: bool, seed: int, age: float | None, sex: str | None, face: Path | None) -> Head:
    from ..face.bodies import load_face

    if not random:
        return load_face(face)
    from ..face.stranger import stranger

    return stranger(seed, age, None if sex is None else float(sex == "male"))


def _save_picture(path: Path, pixels: np.ndarray) -> None:
    from PIL import Image

    from ..files import atomic_path

    with atomic_path(path) as temporary:
        Image.fromarray(pixels).save(temporary, "PNG")
