"""Pieces played by the instruments of a General MIDI soundfont. Needs tinysoundfont."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from .sounds import RATE, Player, Score


def soundfont_player(path: Path) -> Player:
    """Plays with the file, for example Debian's ``fluid-soundfont-gm`` (FluidR3, MIT)."""
    import tinysoundfont

    synth = tinysoundfont.Synth(samplerate=RATE)
    bank = synth.sfload(str(path))

    def pull(count: int) -> np.ndarray:
        return np.frombuffer(synth.generate(count), np.float32).reshape(-1, 2).mean(axis=1)

    def play(rng: np.random.Generator, piece: Score, count: int) -> np.ndarray:
        for channel, program in enumerate(piece.programs):
            synth.program_select(channel, bank, 0, program)
        synth.program_select(9, bank, 128, 0, True)
        out, at = np.zeros(count), 0
        for moment, on, channel, key, loud in _events(piece):
            moment = min(max(moment, at), count)
            if moment > at:
                out[at:moment] = pull(moment - at)
                at = moment
            if moment == count:
                break
            if on:
                synth.noteon(channel, key, int(30 + 90 * loud))
            else:
                synth.noteoff(channel, key)
        if at < count:
            out[at:] = pull(count - at)
        synth.sounds_off()
        pull(RATE)  # what still sounds must not reach the next piece
        return out

    return play


def _events(piece: Score) -> list[tuple[int, int, int, int, float]]:
    """(sample, on, channel, key, loudness), in order; at one moment notes end before others begin."""
    events = []
    for note in piece.notes:
        channel, key = 9 if note.part == 3 else note.part, int(np.clip(note.key, 0, 127))
        events.append((max(0, int(note.start * RATE)), 1, channel, key, note.loud))
        events.append((int((note.start + note.length) * RATE), 0, channel, key, 0.0))
    return sorted(events, key=lambda e: e[:2])
