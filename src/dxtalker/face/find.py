"""A photo -> the one face in it, upright, or one sentence that says why it cannot be used."""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import degrees

import numpy as np

from ..errors import BadInput
from ..records import ARKIT_INDEX
from .landmarks import Landmarker, Landmarks
from .photo import Photo
from .sharpness import fineness

CLEARLY_LARGER = 1.5  # times in length, from which the largest of several faces is the one that is meant
MOST = 8  # faces looked at
SIDE, TURNED = 50.0, 25.0  # degrees of yaw: refused beyond the first, remarked on beyond the second
STEEP = 30.0  # degrees of pitch from which it is remarked on
TOO_SMALL, SOFT = 40.0, 90.0  # pixels between the outer eye corners
BEYOND = 0.02  # share of the face's box that may lie outside of the picture without a remark
DARK, BRIGHT = 45.0, 235.0  # median level of the skin
BLURRED = 0.018  # fineness: blur of about 2 pixels (standard deviation)

# Expressions worth a remark: (name, least score, channels of which the largest counts).
EXPRESSIONS = (
    ("the eyes are closed", 0.5, ("eyeBlinkLeft", "eyeBlinkRight")),
    ("the mouth is open", 0.3, ("jawOpen",)),
    ("the face smiles broadly", 0.7, ("mouthSmileLeft", "mouthSmileRight")),
    ("the lips are pursed", 0.8, ("mouthPucker", "mouthFunnel")),
    ("the mouth is drawn to one side", 0.5, ("mouthLeft", "mouthRight", "jawLeft", "jawRight")),
)


@dataclass(frozen=True)
class FoundFace:
    """The face that a photo is about. ``photo`` may have been turned by quarters so that the face is upright."""

    photo: Photo
    landmarks: Landmarks  # in the pixels of ``photo``
    notes: tuple[str, ...]  # remarks of the photo door and about the face, one sentence each


def find_face(photo: Photo, landmarker: Landmarker) -> FoundFace:
    """The face in ``photo``, with remarks on what will make the result worse.

    Raises BadInput when there is no face, when it is not clear whose face is meant, when it is too small, or when
    it is seen from the side.
    """
    notes: list[str] = []
    face = _the_one(photo, landmarker, notes)
    if face.turn:
        photo = replace(photo, pixels=np.ascontiguousarray(np.rot90(photo.pixels, face.turn)))
        notes.append("the picture was turned by quarters so that the face is upright")
        face = _the_one(photo, landmarker, [])
    # Once more from a crop that the landmarks centre: nearer to what following a video gives.
    face = landmarker.follow(photo.pixels, face) or face
    _check_size(face, photo)
    _check_pose(face, notes)
    notes += _about_expression(face) + _about_picture(face, photo.pixels)
    return FoundFace(photo, face, (*photo.notes, *notes))


def _the_one(photo: Photo, landmarker: Landmarker, notes: list[str]) -> Landmarks:
    faces = landmarker.faces(photo.pixels, most=MOST)
    height, width = photo.pixels.shape[:2]
    if len(faces) == 0:
        raise BadInput(
            f"no face was found in these {width} x {height} pixels; give a sharp photo of one face from the front"
        )
    if len(faces) > 1:
        ratio = (faces[0].size / max(faces[1].size, 1.0)) ** 0.5
        if ratio < CLEARLY_LARGER:
            raise BadInput(
                f"{len(faces)} faces were found and none is clearly the largest; crop the photo to one"
            )
        notes.append(f"{len(faces)} faces were found; the largest is used")
    return faces[0]


def _check_size(face: Landmarks, photo: Photo) -> None:
    across = face.eye_distance / max(np.cos(face.yaw), 0.5)  # as if seen from the front
    if across < TOO_SMALL:
        reduced = any(note.startswith("reduced") for note in photo.notes)
        hint = "crop the photo to the face before it is read" if reduced else "give a closer or larger photo"
        raise BadInput(
            f"the face is too small: {across:.0f} pixels between the outer corners of the eyes;"
            f" expected at least {TOO_SMALL:.0f}, better {SOFT:.0f}: {hint}"
        )


def _check_pose(face: Landmarks, notes: list[str]) -> None:
    yaw, pitch = abs(degrees(face.yaw)), degrees(face.pitch)
    if yaw > SIDE:
        raise BadInput(
            f"the face is seen too far from the side (about {yaw:.0f} degrees; at most {SIDE:.0f} can be used);"
            " give a photo from the front"
        )
    if yaw > TURNED:
        notes.append(f"the face is turned by about {yaw:.0f} degrees: its far side will be guessed")
    if abs(pitch) > STEEP:
        notes.append(
            f"the face is seen from {'above' if pitch > 0 else 'below'} by about {abs(pitch):.0f} degrees"
        )


def _about_expression(face: Landmarks) -> list[str]:
    said = []
    for sentence, least, names in EXPRESSIONS:
        score = max(float(face.scores[ARKIT_INDEX[name]]) for name in names)
        if score >= least:
            said.append(f"{sentence} (score {score:.1f}): a calm face gives a better likeness")
    return said


def _about_picture(face: Landmarks, pixels: np.ndarray) -> list[str]:
    """Remarks on size, edge, light and sharpness."""
    said = []
    height, width = pixels.shape[:2]
    left, top, right, bottom = face.box
    beyond = max(
        -left / (right - left),
        (right - width) / (right - left),
        -top / (bottom - top),
        (bottom - height) / (bottom - top),
    )
    if beyond > BEYOND:
        said.append(f"the face is cut by the picture's edge: {100 * beyond:.0f} % of it will be guessed")
    if face.eye_distance < SOFT:
        said.append(
            f"the face is small ({face.eye_distance:.0f} pixels between the eyes): its texture will be soft"
        )
    elif fineness(pixels, face) < BLURRED:
        said.append("the face looks blurred: its texture will be soft")
    columns = np.clip(face.points[:468, 0], 0, width - 1).astype(int)
    rows = np.clip(face.points[:468, 1], 0, height - 1).astype(int)
    skin = pixels[rows, columns] @ np.array([0.299, 0.587, 0.114])  # (468,) levels
    if np.median(skin) < DARK:
        said.append("the face is very dark in this photo")
    if np.median(skin) > BRIGHT:
        said.append("the face is overexposed in this photo")
    return said
