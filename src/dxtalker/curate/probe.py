"""What the doors to files say of a video, as the reason that it is."""

from __future__ import annotations

from ..errors import DxtalkerError, LimitExceeded
from .verdict import Verdict

# Words of their errors; the first that is found counts, and anything else cannot be decoded.
SAID = (
    ("no video track", "file.no_picture"),
    ("no picture could be decoded", "file.no_picture"),
    ("no audio track", "file.no_sound"),
    ("holds no sound", "file.no_sound"),
    ("cut short", "file.cut_off"),
)


def file_verdict(error: DxtalkerError) -> Verdict:
    """The Verdict for what opening or decoding a file raised."""
    said = str(error)
    if isinstance(error, LimitExceeded):
        return Verdict(reason="file.limits", remark=said)
    reason = next((reason for words, reason in SAID if words in said), "file.unreadable")
    return Verdict(reason=reason, remark=said)
