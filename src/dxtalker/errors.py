"""The errors dxtalker raises on purpose: each says what was wrong, what was expected and what to do.

``exit_code`` is what the command line returns; ``wire_code`` is the name a server would send.
"""


class DxtalkerError(Exception):
    """Base of every error raised on purpose."""

    exit_code = 1
    wire_code = "INTERNAL"


class BadInput(DxtalkerError):
    """What was given cannot be used: unreadable, malformed, or out of range."""

    exit_code = 2
    wire_code = "INVALID_ARGUMENT"


class Unsupported(BadInput):
    """What was given is well formed, but not something this version handles."""

    wire_code = "UNIMPLEMENTED"


class LimitExceeded(BadInput):
    """What was given is larger, longer or slower than the stated limit."""

    wire_code = "RESOURCE_EXHAUSTED"


class NotReady(DxtalkerError):
    """Something that should be installed is missing; ``dxtalker doctor`` names the command that mends it."""

    exit_code = 3
    wire_code = "FAILED_PRECONDITION"
