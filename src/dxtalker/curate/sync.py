"""Are sound and lips of a video at the same instant? Sums for each lag, that add up over the clips of a source.

Of each block of 5 s the products of what is heard (``SyncReference.heard``) and of the lips' opening are summed at
31 lags of a frame. From these sums follow, for any weights of the read-outs, the correlation at every lag; how likely
each lag is; and, pooled over a source, its offset. A clip alone says little; a source of many says it to milliseconds.

The likelihood of a lag is that of a linear regression with unknown slope and noise, whose frames count by ``WORTH``
because neighbours repeat each other (as the effective sample size of Bayley and Hammersley 1946).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from ..errors import BadInput
from ..records import FEATURE_FPS, SpeechFeatures
from .settings import Settings
from .sync_reference import SyncReference, load_sync_reference
from .verdict import Verdict

FPS = float(FEATURE_FPS)
REACH = 15  # frames, 0.6 s: largest lag looked at
BLOCK = 125  # frames, 5 s: unit of the sums, of which a source's error is estimated
STEP = 0.005  # seconds between the lags at which likelihoods are taken
LAGS = np.arange(-round(REACH / FPS / STEP), round(REACH / FPS / STEP) + 1) * STEP  # (M,) seconds
TOGETHER = 0.08  # seconds: lips and sound within it are said to belong together
DRAWS = 200  # of the bootstrap
GROUPS = 120  # blocks are joined to at most so many for it
ZERO_ERROR = 0.015  # seconds: how well the reference's own zero is known
LEAST_ERROR = 0.01  # seconds, of a clip's own lag: the tracker's and the camera's share
MOST_RATIO, MOST_BELOW = 12.0, 8.0  # beyond them a clip's signs say no more
FEWEST = 25  # pairs of frames at a lag, below which it is not judged
ENOUGH = 200  # frames, 8 s: a longer clip is judged as if it were so long; chance likeness adds up, too
# Fitted on planted shifts and swaps (bench/sync.py calibrate) of clips from which the reference was not learned.
WORTH = 0.35  # share of the frames that count as independent
# Log odds that a clip belongs together: a constant, for its log likelihood ratio, for each standard error by which
# its correlation is below its source's (the same speaker's other clips say how well the lips should follow).
CLIP_ODDS = (0.0, 1.1, 1.2)
SOURCE_ODDS = (
    -5.0,
    1.2,
)  # log odds that a source's peak is no chance = first + second * its height above the next


@dataclass(frozen=True)
class SyncEvidence:
    """What one clip says about sync, under any weights of the read-outs."""

    # (B, 2 REACH + 1, S) float32 for each block and lag, in frames by which the pictures are late: pairs, power of
    # the opening (mm²), products of opening and K read-outs, products of the read-outs (upper triangle of K x K).
    # All about the block's means at that lag.
    sums: np.ndarray

    @property
    def seconds(self) -> float:
        """Of frames compared at lag 0."""
        return float(self.sums[:, REACH, 0].sum()) / FPS


@dataclass(frozen=True)
class Offset:
    """By how much the pictures of a source are late."""

    seconds: float  # negative where they are early
    error: float  # seconds, standard error: bootstrap over blocks, and the reference's own zero
    confidence: float  # 0..1, probability that this is no chance
    correlation: float  # of opening and expectation at that offset, pooled


@dataclass(frozen=True)
class ClipSync:
    """One clip beside its source's offset."""

    confidence: float  # 0..1, probability that lips and sound belong together within 80 ms, after correction
    error: float  # seconds, standard error of the lag that the clip alone would give
    lag: float  # seconds, by which the clip alone says the pictures are late, before correction


def evidence(
    features: SpeechFeatures, opening: np.ndarray, fps: float = FPS, reference: SyncReference | None = None
) -> SyncEvidence:
    """Sums of one clip. ``opening`` (T,) mm between the lips at ``fps``, NaN where the face was not seen; its
    frame 0 is the instant of the features' frame 0. The longer of both is cut.

    Raises BadInput when less than a second of it can be compared.
    """
    heard = (reference or load_sync_reference()).heard(features)
    seen = _at_25(np.asarray(opening, np.float64), fps)
    count = min(len(heard), len(seen))
    known = np.isfinite(seen[:count])
    if known.sum() < FEWEST:
        raise BadInput(
            f"sync cannot be judged: lips and sound are known together for {known.sum() / FPS:.1f} s; expected 1 s at least"
        )
    edges = np.linspace(0, count, max(1, round(count / BLOCK)) + 1).astype(int)
    blocks = [
        [_sums(heard[:count], seen[:count], first, stop, lag) for lag in range(-REACH, REACH + 1)]
        for first, stop in pairwise(edges)
    ]
    return SyncEvidence(np.array(blocks, np.float32))


def source_offset(
    clips: Iterable[SyncEvidence], reference: SyncReference | None = None, seed: int = 0
) -> Offset:
    """The offset of one source (a long video, or a folder recorded alike) from all its clips, each looked at once.

    Raises BadInput when there is none.
    """
    return pooled_offset(pooled(clips), reference or load_sync_reference(), seed)


def pooled(clips: Iterable[SyncEvidence]) -> np.ndarray:
    """(G <= GROUPS, 2 REACH + 1, S) float64 sums of neighbouring blocks, equally many in each but the last."""
    groups: list[np.ndarray] = []
    width, filled = 1, 0  # blocks of a group; of the last
    for clip in clips:
        for block in clip.sums.astype(np.float64):
            if groups and filled < width:
                groups[-1] += block
                filled += 1
                continue
            if len(groups) == GROUPS:
                groups = [one + other for one, other in zip(groups[::2], groups[1::2], strict=True)]
                width *= 2
            groups.append(block)
            filled = 1
    if not groups:
        raise BadInput("the offset of a source without clips was asked for; expected one clip at least")
    return np.array(groups)


def pooled_offset(blocks: np.ndarray, reference: SyncReference, seed: int = 0) -> Offset:
    """The offset of a source whose sums are ``blocks``, as ``pooled`` gives them."""
    whole = blocks.sum(axis=0)
    curve = correlations(whole, reference.weights)
    likely = log_likelihood(curve, whole)
    best = int(likely.argmax())
    others = likely[np.abs(LAGS - LAGS[best]) > 1.5 * TOGETHER]
    draws = np.random.default_rng(seed).multinomial(len(blocks), np.full(len(blocks), 1 / len(blocks)), DRAWS)
    again = correlations(np.einsum("nb,bls->nls", draws, blocks), reference.weights)
    found = np.array([_peak(row) for row in again])
    spread = float(np.hypot(found.std(), _spread(likely)[1])) if len(blocks) < 6 else float(found.std())
    return Offset(
        seconds=_peak(curve) - reference.zero,
        error=float(np.hypot(spread, ZERO_ERROR)),
        confidence=_probability(SOURCE_ODDS[0] + SOURCE_ODDS[1] * float(likely[best] - others.max())),
        correlation=float(curve[best]),
    )


def peak_offset(whole: np.ndarray, reference: SyncReference) -> float:
    """The seconds of ``pooled_offset`` alone, from a source's sums (2 REACH + 1, S)."""
    return _peak(correlations(whole, reference.weights)) - reference.zero


def clip_confidence(clip: SyncEvidence, offset: Offset, reference: SyncReference | None = None) -> ClipSync:
    """Whether one clip's lips follow its sound at its source's ``offset``.

    It is fitted such that half of the clips belong together and the others are shifted by more than 80 ms or have
    another clip's sound; no clip is surer than its source's place.
    """
    reference = reference or load_sync_reference()
    lag, error = _spread(_clip_likelihood(clip, reference)[2])
    odds = float(np.dot(CLIP_ODDS, [1.0, *clip_signs(clip, offset, reference)]))
    confidence = min(_probability(odds), offset.confidence)
    return ClipSync(confidence, float(np.hypot(error, LEAST_ERROR)), lag - reference.zero)


def clip_signs(clip: SyncEvidence, offset: Offset, reference: SyncReference) -> tuple[float, float]:
    """What a clip's confidence is made of: log of how much likelier it is at lags within 80 ms of its source's offset
    than anywhere else or unrelated, and by how many standard errors its correlation there is below its source's.
    """
    pairs, curve, likely = _clip_likelihood(clip, reference)
    used = min(pairs, ENOUGH)
    judged = likely * used / max(pairs, 1.0)
    inside = np.abs(LAGS - reference.zero - offset.seconds) <= TOGETHER + STEP / 2
    if not inside.any():
        return -MOST_RATIO, -MOST_BELOW
    ratio = _log_mean(judged[inside]) - _log_mean(np.append(judged[~inside], 0.0))
    best, usual = np.clip([curve[inside].max(), offset.correlation], -0.9, 0.99)
    below = float(np.arctanh(best) - np.arctanh(usual)) * np.sqrt(WORTH * used)
    return float(np.clip(ratio, -MOST_RATIO, MOST_RATIO)), float(np.clip(below, -MOST_BELOW, 0.0))


def _clip_likelihood(clip: SyncEvidence, reference: SyncReference) -> tuple[float, np.ndarray, np.ndarray]:
    """Pairs of frames at lag 0, and the correlation and the log likelihood (M,) of each lag."""
    pooled = clip.sums.astype(np.float64).sum(axis=0)
    curve = correlations(pooled, reference.weights)
    return float(pooled[REACH, 0]), curve, log_likelihood(curve, pooled)


def judge_sync(
    clip: SyncEvidence, offset: Offset, settings: Settings, reference: SyncReference | None = None
) -> Verdict:
    """Scores of a clip, and whether its source's offset can be corrected and its lips follow its sound."""
    found = clip_confidence(clip, offset, reference)
    scores = {
        "sync.offset": round(offset.seconds, 4),
        "sync.offset_error": round(offset.error, 4),
        "sync.confidence": round(found.confidence, 4),
        "sync.lag": round(found.lag, 4),
        "sync.lag_error": round(found.error, 4),
    }
    if settings.offset and abs(offset.seconds) > settings.offset:
        side = "late" if offset.seconds > 0 else "early"
        said = f"the pictures are {abs(offset.seconds) * 1000:.0f} ms {side}; {settings.offset * 1000:.0f} can be corrected"
        return Verdict(scores, "sync.offset", said)
    if found.confidence < settings.sync_confidence:
        said = f"lips follow the sound with probability {found.confidence:.2f}; expected {settings.sync_confidence:.2f}"
        return Verdict(scores, "sync.doubtful", said)
    return Verdict(scores)


def correlations(sums: np.ndarray, weights: np.ndarray) -> np.ndarray:
    """(..., M) correlation of opening and expectation at ``LAGS``, from sums (..., 2 REACH + 1, S)."""
    k = len(weights)
    products = sums[..., 2 : 2 + k] @ weights
    upper = np.triu_indices(k)
    pair = weights[upper[0]] * weights[upper[1]] * np.where(upper[0] == upper[1], 1.0, 2.0)
    power = np.maximum(sums[..., 2 + k :] @ pair, 0) * sums[..., 1]
    enough = sums[..., 0] >= FEWEST
    return np.where(enough, products / np.sqrt(np.maximum(power, 1e-9)), 0.0) @ FINE


def log_likelihood(curve: np.ndarray, sums: np.ndarray) -> np.ndarray:
    """(M,) natural log of how much likelier each lag is than no relation; lips that move against the sound count as none."""
    pairs = np.interp(LAGS, np.arange(-REACH, REACH + 1) / FPS, sums[:, 0])
    return -0.5 * WORTH * pairs * np.log1p(-(np.clip(curve, 0.0, 0.99) ** 2))


def _sums(heard: np.ndarray, seen: np.ndarray, first: int, stop: int, lag: int) -> np.ndarray:
    """(S,) of the block ``first``..``stop`` of what is heard, against the pictures ``lag`` frames later."""
    first, stop = max(first, -lag), min(stop, len(seen) - lag)
    k = heard.shape[1]
    if stop <= first:
        return np.zeros(2 + k + k * (k + 1) // 2)
    y = seen[first + lag : stop + lag]
    known = np.isfinite(y)
    x, y = heard[first:stop][known].astype(np.float64), y[known]
    if not len(y):
        return np.zeros(2 + k + k * (k + 1) // 2)
    x, y = x - x.mean(axis=0), y - y.mean()
    return np.concatenate([[len(y), y @ y], x.T @ y, (x.T @ x)[np.triu_indices(k)]])


def _at_25(opening: np.ndarray, fps: float) -> np.ndarray:
    """(T,) at 25 fps. Faster pictures are averaged over the 40 ms around each instant."""
    if opening.ndim != 1:
        raise BadInput(f"the lips' opening has shape {opening.shape}; expected (frames,)")
    if abs(fps - FPS) < 1e-6:
        return opening
    count = int((len(opening) - 1) / fps * FPS) + 1
    near = np.clip(np.round(np.arange(count) / FPS * fps).astype(int), 0, len(opening) - 1)
    parts = max(1, round(fps / FPS))
    moments = (np.arange(parts) - (parts - 1) / 2) / (parts * FPS)
    at = np.arange(len(opening)) / fps
    filled = (
        np.interp(at, at[np.isfinite(opening)], opening[np.isfinite(opening)])
        if np.isfinite(opening).any()
        else opening
    )
    values = np.mean([np.interp(np.arange(count) / FPS + m, at, filled) for m in moments], axis=0)
    return np.where(np.isfinite(opening[near]), values, np.nan)


def _peak(curve: np.ndarray) -> float:
    """Seconds of a curve's (M,) highest point, by a parabola through its neighbours."""
    best = int(curve.argmax())
    if not 0 < best < len(curve) - 1:
        return float(LAGS[best])
    before, at, after = curve[best - 1 : best + 2]
    bend = before - 2 * at + after
    return float(LAGS[best] + (STEP * 0.5 * (before - after) / bend if bend < 0 else 0.0))


def _spread(likely: np.ndarray) -> tuple[float, float]:
    """Mean and standard deviation, seconds, of the lag under log likelihoods (M,)."""
    share = np.exp(likely - likely.max())
    share /= share.sum()
    mean = float(share @ LAGS)
    return mean, float(np.sqrt(share @ (LAGS - mean) ** 2))


def _log_mean(values: np.ndarray) -> float:
    """log of the mean of exp(values)."""
    top = float(values.max())
    return top + float(np.log(np.exp(values - top).mean()))


def _probability(odds: float) -> float:
    """From log odds."""
    return float(1 / (1 + np.exp(-np.clip(odds, -30, 30))))


def _fine() -> np.ndarray:
    """(2 REACH + 1, M): band-limited interpolation of a curve over frames to ``LAGS`` (Lanczos, three lobes)."""
    apart = LAGS[None] * FPS - np.arange(-REACH, REACH + 1)[:, None]
    kernel = np.where(np.abs(apart) < 3, np.sinc(apart) * np.sinc(apart / 3), 0.0)
    return kernel / kernel.sum(axis=0)


FINE = _fine()
