"""Every reason for which a video or a clip is dropped, in one sentence each."""

from __future__ import annotations

REASONS: dict[str, str] = {
    # The file.
    "file.unreadable": "the file is no video that can be decoded",
    "file.no_sound": "the video has no sound",
    "file.no_picture": "the file has no pictures",
    "file.cut_off": "the file ends in the middle",
    "file.limits": "the file is larger or slower than what is allowed",
    "file.failed": "the program failed on it; the log has the trace",
    # The picture.
    "picture.short": "no stretch with one face is long enough",
    "picture.no_face": "no face is seen",
    "picture.small": "the face is too small",
    "picture.turned": "the face is turned away for too long",
    "picture.hidden": "the face is hidden or leaves the picture too often",
    "picture.several": "another face is as large, so that it is not clear who speaks",
    "picture.slow": "fewer than 20 different pictures a second: lips cannot be followed",
    "picture.frozen": "the picture stands still",
    "picture.dark": "the face is too dark or too bright",
    "picture.blurred": "the face is blurred",
    # The sound.
    "sound.silent": "hardly anybody speaks",
    "sound.noisy": "the noise is too loud beside the voice",
    "sound.clipped": "the recording is clipped",
    "sound.music": "there is music",
    "sound.second_voice": "a second voice speaks",
    "sound.language": "the language is not one of those asked for",
    # Sound and picture.
    "sync.offset": "the pictures are further from the sound than can be corrected",
    "sync.doubtful": "the lips do not follow the sound",
    # The track.
    "track.loose": "the fitted face does not follow the landmarks",
    "track.jumps": "the tracked motion jumps",
    "track.identity": "the face is not the same person throughout",
    "track.still": "the lips hardly move",
    # The collection.
    "duplicate": "the same clip is there already",
}
