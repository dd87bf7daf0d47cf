"""What the audio door lets through; each bound is stated in the error that it raises."""

from ..errors import BadInput, LimitExceeded

MAX_SECONDS = 12 * 3600  # seconds of sound in one file; 2.8 GB as 16 kHz float32
RATES = (4_000, 768_000)  # Hz: below is no speech, above is no microphone
MAX_CHANNELS = 64
MAX_LEVEL = 100.0  # times full scale; beyond it, as for NaN and infinity, a sample is not sound
MAX_UNUSABLE = 0.01  # share of such samples that is repaired; more is refused


def check_layout(rate: int, channels: int) -> None:
    """Raise BadInput or LimitExceeded unless ``rate`` (Hz) and ``channels`` are ones that sound can have."""
    if not RATES[0] <= rate <= RATES[1]:
        raise BadInput(f"its sample rate is {rate:,} Hz; expected {RATES[0]:,} to {RATES[1]:,} Hz")
    if channels < 1:
        raise BadInput("its header says 0 channels; expected 1 or more")
    if channels > MAX_CHANNELS:
        raise LimitExceeded(
            f"it has {channels:,} channels; at most {MAX_CHANNELS} are read: export fewer of them"
        )


def check_seconds(seconds: float) -> None:
    """Raise LimitExceeded when ``seconds`` of sound are more than one file may hold."""
    if seconds > MAX_SECONDS:
        raise LimitExceeded(
            f"it is longer than {MAX_SECONDS // 3600} hours; split it into shorter files and run each"
        )
