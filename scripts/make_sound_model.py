"""Makes ``src/dxtalker/assets/sound_model.npz``: what is heard of speech, music, a second voice and noise, learned from
voices mixed with sounds made by numpy. Takes about half an hour on two free cores.

    python scripts/make_sound_model.py LIBRISPEECH [--soundfont FluidR3_GM.sf2] [--mixtures 2500] [-o sound_model.npz]

LIBRISPEECH is a folder of recordings of LibriSpeech's train-clean-100 (CC BY 4.0), one file a speaker or more, named
``speaker-chapter-utterance``; of those the speakers in HELD are left for tests. Needs torch, and tinysoundfont for a
soundfont.
"""

from __future__ import annotations

import argparse
from pathlib import Path

import numpy as np

from dxtalker.audio import load_audio
from dxtalker.curate.noise import floor_snr
from dxtalker.face.head_file import write_arrays
from dxtalker.speech import Encoder
from dxtalker.speech.encoder import to_frames
from sound_model.learn import learn
from sound_model.mix import Mixture, mix
from sound_model.soundfont import soundfont_player
from sound_model.sounds import Player, play

TARGET = Path(__file__).parents[1] / "src/dxtalker/assets/sound_model.npz"
HELD = {"1688", "1998", "2033", "2414", "2609", "3005", "3080", "3331", "367", "533"}  # test-other
SHARES = (
    *["clean"] * 5, "white", "pink", "brown", "hum", *["babble"] * 2, *["music"] * 5, *["second"] * 5,
    *["only music"] * 2, "only noise",
)  # fmt: skip


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("librispeech", type=Path)
    parser.add_argument("--soundfont", type=Path)
    parser.add_argument("--mixtures", type=int, default=2500)
    parser.add_argument("-o", "--output", type=Path, default=TARGET)
    given = parser.parse_args()
    files = [f for f in sorted(given.librispeech.iterdir()) if f.name.split("-")[0] not in HELD]
    voices = [load_audio(f).samples[: 20 * 16_000] for f in files]
    players = [play] + [soundfont_player(given.soundfont)] * 2 * bool(given.soundfont)
    made = [mixture(i, voices, players) for i in range(given.mixtures)]
    encoder = Encoder()
    content = np.stack([to_frames(encoder.tokens(m.samples, "block2")).astype(np.float16) for m, _ in made])
    labels = np.stack([np.stack([m.speech, m.music, m.second], axis=1) for m, _ in made])
    kinds, snr = np.array([m.kind for m, _ in made]), np.array([s for _, s in made])
    write_arrays(given.output, learn(content, labels, kinds, snr, np.array([m.snr for m, _ in made])))


def mixture(seed: int, voices: list[np.ndarray], players: list[Player]) -> tuple[Mixture, float]:
    """A mixture and its SNR in dB, the recording's own noise included; inf where that is not known."""
    rng = np.random.default_rng([78, seed])
    kind = SHARES[seed % len(SHARES)]
    chosen = rng.permutation(len(voices))[:12]
    planted = rng.uniform(-12, 15) if kind == "second" else rng.uniform(-5, 35)
    others = [voices[k] for k in chosen[1:]]
    made = mix(rng, kind, voices[chosen[0]], others, planted, players[rng.integers(len(players))])
    if kind == "second" or kind.startswith("only"):
        return made, np.inf
    own = floor_snr(voices[chosen[0]])
    return made, float(-10 * np.log10(10 ** (-min(made.snr, 90) / 10) + 10 ** (-own / 10)))


if __name__ == "__main__":
    main()
