"""All figures of one system on one corpus, from what each of its clips adds."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from ..motion.sampler import CHANNELS
from ..records import ARKIT_NAMES, MOUTH
from . import closures, metrics
from .blocks import interval, mean_of
from .clips import ScoredClip
from .prosody_beats import alignment, voice_beats
from .regions import EXPRESSIVE, Regions
from .systems import Guess
from .variety import Moments, frechet
from .vertices import (
    VertexErrors,
    lve_mean_of_max_mm,
    lve_mean_of_max_squared_mm2,
    lve_rms_of_max_mm,
    vertex_errors,
)

NAN = float("nan")


@dataclass(frozen=True)
class Scores:
    """NaN where a corpus cannot tell: mouths alone say nothing about brows, clips without phones nothing about /p/."""

    correlation: float  # R of the opening at lag 0, per clip, weighted by frames
    best_lag_ms: float  # lag of the guess at which R, pooled over the corpus, is best; > 0: the guess is late
    best_correlation: float  # R there
    difference: float  # R less that of the encoder probe on the same frames
    opening_error_mm: float  # mean |guess - truth| of the opening
    amplitude: float  # standard deviation of the opening over the truth's
    jitter: float  # RMS second difference of the opening over the truth's
    energy_ratio_0_2_hz: float  # energy of the opening over the truth's in a band
    energy_ratio_2_5_hz: float
    energy_ratio_5_12_hz: float
    silence_opening: float  # mean opening in silence over mean opening in speech, of the guess
    truth_silence_opening: float  # the same, of the truth
    closure_rate: float  # share of /p b m/ with a closed frame within 40 ms
    truth_closure_rate: float  # the same, of the labels
    phones_closed: int  # /p b m/ that were asked
    open_vowel_mm: float  # mean widest opening in open vowels
    open_vowel_ratio: float  # the same over the labels'
    closure_recall: float  # share of the truth's closed spoken frames at which the guess closes within 40 ms
    closure_precision: (
        float  # share of the guess's closed spoken frames at which the truth is closed within 40 ms
    )
    wide_ratio: float  # opening over the truth's where the truth is widest (its top fifth in speech)
    lip_to_teeth_mm: (
        float  # least distance of lower lip and upper teeth in /f v/; at rest 6.8 on the packaged head
    )
    lip_on_teeth_rate: float  # share of /f v/ in which it is at most 3 mm
    lve_mean_of_max_squared_mm2: float  # lip vertex error, squared form
    lve_mean_of_max_mm: float  # as a distance
    lve_rms_of_max_mm: float  # root of the squared form
    mve_mm: float  # mean vertex error of the face
    upper_face_error_mm: float  # mean vertex error of the upper face
    fdd_upper_mm2: float  # |difference of upper-face dynamics| per clip (CodeTalker's), weighted by frames
    frechet_mouth_mm2: float  # Fréchet distance of the mouth's curves, as mm that they move the face
    frechet_upper_mm2: float  # of brows, lids, cheeks and nose
    frechet_head_deg2: float  # of the head's rotation
    head_alignment: float  # 0..1, beats of the voice with a beat of the head near
    head_alignment_shuffled: float  # mean of the same with other sound
    head_alignment_p: float  # share of shuffles that fit as well
    lag_curve: tuple[float, ...] = ()  # R at each of metrics.LAGS
    intervals: dict[str, tuple[float, float]] = field(default_factory=dict)  # 95 %, blocks of 5 s, by field


@dataclass(frozen=True)
class ClipResult:
    """What one clip adds to its system's scores: curves over time and sums, no vertices."""

    pair: metrics.Pair
    by_frame: np.ndarray  # (T,) whose mean is R
    errors: VertexErrors
    closed: np.ndarray  # (T,) 1, 0 or NaN: at /p b m/
    truth_closed: np.ndarray  # (T,) the same of the labels
    widest: np.ndarray  # (T,) mm or NaN: at open vowels
    truth_widest: np.ndarray  # (T,)
    to_teeth: np.ndarray  # (T,) mm or NaN: at /f v/
    recalled: np.ndarray  # (T,) 1, 0 or NaN
    confirmed: np.ndarray  # (T,)
    rotation: np.ndarray  # (T, 3) radians
    voice: np.ndarray  # (N,) beats of the voice; none where the head was not tracked
    moments: tuple[tuple[Moments, Moments] | None, ...]  # guess and truth: mouth, upper face, head
    upper_face: bool
    head_turns: bool


def clip_result(clip: ScoredClip, guess: Guess, where: Regions) -> ClipResult:
    """Score one guess. What the corpus did not track is at rest on both sides."""
    seen = clip.covered[: len(ARKIT_NAMES)]
    curves, truth = guess.curves * seen, clip.curves * seen
    pair = metrics.Pair(guess.opening, clip.truth, clip.silent)
    labelled = clip.curves @ where.lip_gap
    return ClipResult(
        pair=pair,
        by_frame=metrics.frame_correlations(pair),
        errors=vertex_errors(curves, truth, where),
        closed=closures.closed_at(clip.phones, guess.opening),
        truth_closed=np.where(
            np.isfinite(clip.met).any(), closures.closed_at(clip.phones, labelled), np.float32(np.nan)
        ),
        widest=closures.widest_at(clip.phones, guess.opening),
        truth_widest=closures.widest_at(clip.phones, labelled),
        to_teeth=closures.lip_to_teeth_at(clip.phones, curves, where),
        recalled=closures.recalled(guess.opening, clip.met, clip.silent),
        confirmed=closures.confirmed(guess.opening, clip.met, clip.silent),
        rotation=guess.rotation,
        voice=voice_beats(clip.features),
        moments=_moments(clip, guess, where),
        upper_face=clip.upper_face,
        head_turns=clip.head_turns,
    )


def _moments(clip: ScoredClip, guess: Guess, where: Regions) -> tuple[tuple[Moments, Moments] | None, ...]:
    scale = np.concatenate([where.reach, np.degrees(np.ones(CHANNELS - len(ARKIT_NAMES)))])
    ours = np.concatenate([guess.curves, guess.rotation], axis=1) * scale
    theirs = np.concatenate([clip.curves, clip.rotation], axis=1) * scale
    parts = MOUTH, EXPRESSIVE, np.arange(len(ARKIT_NAMES), CHANNELS)
    return tuple(
        (Moments.of(ours[:, part]), Moments.of(theirs[:, part])) if clip.covered[part].all() else None
        for part in parts
    )


def gather(results: Sequence[ClipResult], reference: Sequence[ClipResult] | None) -> Scores:
    """Scores of one system over ``results``, beside the encoder probe's on the same clips where there is one."""
    pairs = [r.pair for r in results]
    lags = metrics.by_lag(pairs)
    best = int(np.argmax(lags))
    energy = metrics.energy_ratios([p.guess for p in pairs], [p.truth for p in pairs])
    lip_max = np.concatenate([r.errors.lip_max_mm for r in results])
    spoken = {  # field -> (T,) of each clip: those whose mean is the figure, and whose blocks give its interval
        "correlation": [r.by_frame for r in results],
        "difference": [r.by_frame - o.by_frame for r, o in zip(results, reference or (), strict=False)],
        "opening_error_mm": [np.abs(p.guess - p.truth) for p in pairs],
        "closure_rate": [r.closed for r in results],
        "truth_closure_rate": [r.truth_closed for r in results],
        "open_vowel_mm": [r.widest for r in results],
        "closure_recall": [r.recalled for r in results],
        "closure_precision": [r.confirmed for r in results],
        "lip_to_teeth_mm": [r.to_teeth for r in results],
        "lip_on_teeth_rate": [_at_most(r.to_teeth, closures.TOUCH_MM) for r in results],
        "lve_mean_of_max_mm": [r.errors.lip_max_mm for r in results],
        "mve_mm": [r.errors.face_mm for r in results],
        "upper_face_error_mm": [r.errors.upper_mm for r in results if r.upper_face],
    }
    return Scores(
        **{name: mean_of(clips) for name, clips in spoken.items() if name != "lve_mean_of_max_mm"},
        intervals={name: interval(clips) for name, clips in spoken.items()},
        lag_curve=tuple(lags.tolist()),
        best_lag_ms=float(round(metrics.LAGS[best] * 1000)) if np.ptp(lags) > 1e-9 else NAN,  # flat: no lag
        best_correlation=float(lags[best]),
        amplitude=metrics.amplitude_ratio(pairs),
        jitter=metrics.jitter_ratio(pairs),
        energy_ratio_0_2_hz=energy[0],
        energy_ratio_2_5_hz=energy[1],
        energy_ratio_5_12_hz=energy[2],
        silence_opening=metrics.silence_opening([p.guess for p in pairs], [p.silent for p in pairs]),
        truth_silence_opening=metrics.silence_opening([p.truth for p in pairs], [p.silent for p in pairs]),
        phones_closed=int(sum(np.isfinite(r.closed).sum() for r in results)),
        open_vowel_ratio=mean_of(spoken["open_vowel_mm"]) / mean_of([r.truth_widest for r in results]),
        wide_ratio=metrics.wide_ratio(pairs),
        lve_mean_of_max_squared_mm2=lve_mean_of_max_squared_mm2(lip_max),
        lve_mean_of_max_mm=lve_mean_of_max_mm(lip_max),
        lve_rms_of_max_mm=lve_rms_of_max_mm(lip_max),
        fdd_upper_mm2=_fdd([r for r in results if r.upper_face]),
        **_frechets(results),
        **_head(results),
    )


def _at_most(values: np.ndarray, limit: float) -> np.ndarray:
    return np.where(np.isnan(values), np.nan, values <= limit)


def _fdd(results: Sequence[ClipResult]) -> float:
    if not results:
        return NAN
    return float(np.average([r.errors.fdd_mm2 for r in results], weights=[len(r.by_frame) for r in results]))


def _frechets(results: Sequence[ClipResult]) -> dict[str, float]:
    found = {}
    for part, name in enumerate(("frechet_mouth_mm2", "frechet_upper_mm2", "frechet_head_deg2")):
        known = [r.moments[part] for r in results if r.moments[part] is not None]
        ours = [pair[0] for pair in known if pair]
        theirs = [pair[1] for pair in known if pair]
        found[name] = frechet(sum(ours[1:], ours[0]), sum(theirs[1:], theirs[0])) if known else NAN
    return found


def _head(results: Sequence[ClipResult]) -> dict[str, float]:
    turned = [r for r in results if r.head_turns]
    names = "head_alignment", "head_alignment_shuffled", "head_alignment_p"
    return dict(zip(names, alignment([r.rotation for r in turned], [r.voice for r in turned]), strict=True))
