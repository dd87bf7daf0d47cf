"""Photos of a person -> a head of their own: who it is (``fit``), in their colours (``texture``)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from ..errors import BadInput
from .find import FoundFace, find_face
from .fit import EYE_DISTANCE, Fit, Fitter, Observation, load_landmark_model
from .guess import Guesser
from .head import Head
from .identity import IdentitySpace, load_identity_space
from .landmarks import Landmarker
from .photo import Photo, load_photo
from .texture import Painted, Shot, paint

MOST_PHOTOS = 12
HAIRLESS = "hairless"  # the open head's shape that takes the hair away
POOR = 2.5  # pixels RMS at EYE_DISTANCE from which the fit is remarked on

Progress = Callable[[str, float], None]  # name of the stage, share done 0..1


@dataclass(frozen=True)
class Likeness:
    """A person's head and how it came about."""

    head: Head
    fit: Fit
    shots: tuple[Shot, ...]  # the photos, and how each sees the head
    painted: Painted
    notes: tuple[str, ...]  # what a user should know, one sentence each


class Sculptor:
    """The models of the fit, loaded once: make it once and fit many people."""

    def __init__(self) -> None:
        self.space: IdentitySpace = load_identity_space()
        self.landmarker = Landmarker()
        self.fitter = Fitter(self.space, load_landmark_model())
        self.guesser = Guesser(self.fitter.mean)

    def likeness(
        self, photos: Sequence[str | Path | Photo], name: str = "someone", progress: Progress | None = None
    ) -> Likeness:
        """The person in ``photos``, 1 to 12 of them, all of the same person.

        Raises BadInput, naming the file, for what is no photo of one face; see ``photo`` and ``find``.
        """
        if not 1 <= len(photos) <= MOST_PHOTOS:
            raise BadInput(f"{len(photos)} photos were given; expected 1 to {MOST_PHOTOS} of one person")
        say = progress or (lambda stage, share: None)
        faces, notes = [], []
        for number, photo in enumerate(photos):
            say("looking", number / len(photos))
            label = "" if isinstance(photo, Photo) else f"{Path(photo).name}: "
            found = self._face(photo, label)
            faces.append(found)
            notes += [f"{label}{note}" for note in found.notes]
        say("fitting", 0.0)
        fit = self.fitter.fit([self.observation(face) for face in faces])
        notes += [
            f"the shape follows photo {number + 1} loosely ({error:.1f} pixels at {EYE_DISTANCE:.0f} between the eyes)"
            for number, error in enumerate(fit.error)
            if error > POOR
        ]
        head = self.space.head(fit.weights, name)
        say("painting", 0.0)
        shots = tuple(
            Shot(face.photo.pixels, view, face.landmarks.points)
            for face, view in zip(faces, fit.views, strict=True)
        )
        painted = paint(head, shots)
        if painted.bald and HAIRLESS in head.extras:
            head = replace(head, vertices=head.vertices + head.extras[HAIRLESS])
        head = replace(head, albedo=painted.albedo, normal_map=painted.normal_map)
        say("painting", 1.0)
        return Likeness(head, fit, shots, painted, (*notes, *painted.notes))

    def _face(self, photo: str | Path | Photo, label: str) -> FoundFace:
        read = photo if isinstance(photo, Photo) else load_photo(photo)
        try:
            return find_face(read, self.landmarker)
        except BadInput as error:
            raise BadInput(f"{label}{error}") from None

    def observation(self, face: FoundFace) -> Observation:
        """What the fit needs of a face."""
        height, width = face.photo.pixels.shape[:2]
        marks, size = face.landmarks, (width, height)
        guess = self.guesser.guess(self.landmarker.appearance(face.photo.pixels, marks), marks, size)
        return Observation(np.asarray(marks.points, np.float64), marks.depth, marks.scores, size, guess)
