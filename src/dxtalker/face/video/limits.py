"""What the video door lets through; each bound is stated in the error that it raises."""

MAX_SECONDS = 15 * 60  # seconds of video in one file
LONGEST_SIDE = (
    1280  # pixels; larger pictures are reduced: a face that fills a tenth of it is still sharp enough
)
MAX_PIXELS = 8192 * 4352  # pixels of a source picture: 8K
MEMORY_BYTES = 2 << 30  # address space of the decoder (Linux): a dozen reference pictures of 8K
STALL_SECONDS = 8.0  # waiting for the next decoded bytes: one picture may depend on a second of others
SLOWEST = 20  # times slower than it plays, at which decoding is given up
