"""Every score that stages give, with its unit: what a clip's record may hold, and how the report shows it."""

from __future__ import annotations

SCORES: dict[str, str] = {
    "picture.eye_distance": "pixels between the outer eye corners, median, as if seen from the front",
    "picture.yaw": "degrees, 90th percentile of the absolute value",
    "picture.seen": "share of frames in which the face is seen",
    "picture.others": "share of looks in which another face at least half as large is seen",
    "picture.frozen": "share of frames that repeat the one before",
    "picture.rate": "the video's own pictures a second, at most 34; only where they do not come 25 times a second",
    "picture.level": "0..255, median brightness of the face",
    "picture.sharpness": "share of contrast in the finest octave, median",
    "sound.snr": "dB, speech power above the noise's power",
    "sound.speech": "share of frames with speech",
    "sound.clipped": "share of samples at full scale or on tops cut off at any level",
    "sound.music": "0..1, how much it sounds like music",
    "sound.second_voice": "0..1, share of the speech in which two voices speak at once",
    "sound.language": "0..1, probability that the language is one of those asked for",
    "sync.offset": "seconds by which the pictures are late, of the source, before correction",
    "sync.offset_error": "seconds, standard error of that",
    "sync.lag": "seconds by which the pictures are late by this clip alone, before correction",
    "sync.lag_error": "seconds, standard error of that",
    "sync.confidence": "0..1, probability that lips and sound belong together within 80 ms",
    "track.error": "pixels RMS of the landmarks at 60 between the eyes",
    "track.jumps": "share of frames whose acceleration is beyond a face's",
    "track.identity": "mm RMS between the identities of the clip's halves",
    "track.opening": "mm, 90th percentile of the lips' opening",
}
