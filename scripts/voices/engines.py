"""Voices that come in packages, each as: text in, sound and phone times out.

espeak-ng (Debian; GPLv3: the system's own library, nothing of it is kept here), flite (Debian), hibari-tts (PyPI,
Apache-2.0), Kokoro-82M (npm, Apache-2.0; its parts joined as docs/voices.md says).
"""

from __future__ import annotations

import ctypes
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
from ipa import STRESS, names

Times = list[tuple[float, float, str]]  # start and end in seconds, phone with stress
# Seconds by which the times that an engine tells are late: measured with encoder probes trained on real speech.
LATE = {"espeak": 0.013, "flite": 0.0, "hibari": 0.065, "kokoro": 0.065}
FRAME = 0.025  # seconds, unit of the durations of Kokoro and hibari
SHORT = 0.06  # seconds: a gap between words up to which neighbours share it
PAUSES = set(" ;:,.!?—…\"()“”¿¡'«»")
DEFAULT_VOICES = {
    "espeak": "{}+m1 {}+m3 {}+m7 {}+f1 {}+f2 {}+f4",  # {} is the language
    "flite": "slt rms awb kal16",
    "hibari": "heart",
}
KOKORO_LETTER = {"en": "ab", "es": "e", "fr": "f", "hi": "h", "it": "i", "ja": "j", "pt": "p", "zh": "z"}


@dataclass(frozen=True)
class Spoken:
    """One sentence as one voice said it."""

    samples: np.ndarray  # (N,) float32, -1..1
    rate: int  # Hz
    phones: Times


Engine = Callable[[str, str, float], Spoken]  # text, voice, speed (1 is the voice's own)


def shifted(times: Iterable[tuple[float, float, str]], engine: str) -> Times:
    """Times without the engine's delay."""
    late = LATE[engine]
    moved = [(max(0.0, a - late), max(0.0, b - late), name) for a, b, name in times]
    return [(round(a, 4), round(b, 4), name) for a, b, name in moved if b > a]


class _Event(ctypes.Structure):
    _fields_ = (
        ("type", ctypes.c_int),
        ("id", ctypes.c_uint),
        ("text", ctypes.c_int),
        ("length", ctypes.c_int),
        ("milliseconds", ctypes.c_int),
        ("sample", ctypes.c_int),
        ("user", ctypes.c_void_p),
        ("string", ctypes.c_char * 8),
    )


def espeak() -> Engine:
    """espeak-ng; a voice is a language and a variant, as in ``de+f2``. One a process."""
    library = ctypes.CDLL("libespeak-ng.so.1")
    rate = library.espeak_Initialize(2, 0, None, 1 | 2)  # synchronous, phoneme events, in IPA
    if rate <= 0:
        raise SystemExit("espeak-ng does not start; install it with its data (apt install espeak-ng)")
    sound: list[np.ndarray] = []
    marks: list[tuple[float, str]] = []

    def take(wave: Any, count: int, events: Any) -> int:
        if wave:
            sound.append(np.ctypeslib.as_array(wave, (count,)).copy())
        at = 0
        while events[at].type != 0:
            if events[at].type == 7:
                marks.append((events[at].sample / rate, events[at].string.decode(errors="ignore")))
            at += 1
        return 0

    kind = ctypes.CFUNCTYPE(
        ctypes.c_int, ctypes.POINTER(ctypes.c_short), ctypes.c_int, ctypes.POINTER(_Event)
    )
    held = kind(take)
    library.espeak_SetSynthCallback(held)

    def speak(text: str, voice: str, speed: float, held: object = held) -> Spoken:
        sound.clear()
        marks.clear()
        if library.espeak_SetVoiceByName(voice.encode()) != 0:
            raise SystemExit(f"espeak-ng has no voice {voice!r}; expected a language or one with +f1 … +m8")
        library.espeak_SetParameter(1, round(165 * speed), 0)  # words a minute
        library.espeak_SetParameter(2, 90, 0)  # volume; the default clips
        data = text.encode()
        library.espeak_Synth(data, len(data) + 1, 0, 1, 0, 1, None, None)
        samples = np.concatenate(sound).astype(np.float32) / 32768
        ends = [start for start, _ in marks[1:]] + [len(samples) / rate]
        times: Times = []
        for (start, ipa), end in zip(marks, ends, strict=True):
            heard = names(ipa) or ["SIL"]
            edges = np.linspace(start, end, len(heard) + 1)
            times += list(zip(edges[:-1], edges[1:], heard, strict=True))
        return Spoken(samples, rate, shifted(times, "espeak"))

    return speak


def flite() -> Engine:
    """flite; its times are its own and exact."""
    import soundfile

    def speak(text: str, voice: str, speed: float) -> Spoken:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "said.wav"
            stretch = f"duration_stretch={1 / speed:.3f}"
            command = ["flite", "-voice", voice, "--setf", stretch, "-psdur", "-t", text, "-o", str(path)]
            told = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout
            samples, rate = soundfile.read(path, dtype="float32")
        times, start = [], 0.0
        for phone, end in re.findall(r"(\w+):([\d.]+)", told):
            name = {"pau": "SIL", "ax": "AH", "axr": "ER", "el": "L", "em": "M", "en": "N"}.get(phone)
            times.append((start, float(end), name or phone.upper()))
            start = float(end)
        return Spoken(samples, rate, shifted(times, "flite"))

    return speak


@cache
def speaker_of_english() -> Any:
    """hibari's synthesiser, for its G2P and alphabet too."""
    from hibari import Hibari

    return Hibari()


def hibari() -> Engine:
    """hibari-tts: one voice, American English."""
    from hibari import dsp

    tts = speaker_of_english()
    session = with_output(Path(tts.model_path), "/Clip_output_0")

    def speak(text: str, voice: str, speed: float) -> Spoken:
        del voice  # the package holds one
        sound, times, at = [], [], 0.0
        for signs in tts.phonemize(text):
            ids = tts.ids(signs)
            feed = {"ids": np.asarray([ids], np.int64), "speed": np.asarray([speed], np.float32)}
            *parts, durations = session.run(None, feed)
            sound.append(dsp.synth(*(part[0] for part in parts), np.random.default_rng(0)))
            times += spread([s for s in signs if s in tts.vocab], np.ravel(durations), at)
            at += len(sound[-1]) / tts.sample_rate
        return Spoken(np.concatenate(sound), tts.sample_rate, shifted(times, "hibari"))

    return speak


def kokoro(model: Path, styles: Path, language: str) -> Engine:
    """Kokoro-82M: ``model`` the joined onnx file, ``styles`` the folder of its voices (.bin)."""
    session, vocabulary = with_output(model, "/encoder/Clip_output_0"), speaker_of_english().vocab

    def speak(text: str, voice: str, speed: float) -> Spoken:
        signs = [s for s in phonemes(text, language) if s in vocabulary][:500]
        style = np.fromfile(styles / f"{voice}.bin", np.float32).reshape(-1, 1, 256)[len(signs)]
        ids = [[0, *(vocabulary[s] for s in signs), 0]]
        feed = {
            "input_ids": np.asarray(ids, np.int64),
            "style": style,
            "speed": np.asarray([speed], np.float32),
        }
        samples, durations = session.run(None, feed)
        times = spread(signs, np.ravel(durations), 0.0)
        return Spoken(np.ravel(samples), 24000, shifted(times, "kokoro"))

    return speak


def phonemes(text: str, language: str) -> str:
    """Kokoro's alphabet: English by hibari's G2P, other languages by the program espeak-ng, as Kokoro was trained."""
    if language == "en":
        return " ".join(speaker_of_english().phonemize(text))
    said = []
    for clause in re.findall(r"[^,;:.!?]+[,;:.!?]*", text):
        mark = clause.rstrip()[-1] if clause.rstrip()[-1:] in set(",;:.!?") else ""
        command = ["espeak-ng", "-q", "--ipa", "--tie=^", "-v", language, clause]
        found = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20).stdout
        said.append(" ".join(found.split()) + mark)
    signs = " ".join(said)
    for pair, sign in {"t^ʃ": "ʧ", "d^ʒ": "ʤ", "t^s": "ʦ", "d^z": "ʣ", "^": "", "g": "ɡ", "-": ""}.items():
        signs = signs.replace(pair, sign)
    return re.sub(r"\([a-z-]+\)", "", signs)  # marks of a change of language


def spread(signs: Sequence[str], durations: np.ndarray, start: float) -> Times:
    """Phone times of ``signs`` by their ``durations`` in frames, with one more at either end for silence."""
    edges = start + FRAME * np.concatenate([[0], np.cumsum(durations)])
    times: Times = [(edges[0], edges[1], "SIL")]
    stress, begin = 0, None  # a mark of stress belongs to what follows
    for sign, a, b in zip(signs, edges[1:-2], edges[2:-1], strict=True):
        if sign in STRESS:
            stress, begin = STRESS[sign], a if begin is None else begin
        elif sign in PAUSES:
            times.append((a, b, "SIL"))
        elif found := names(sign, stress):
            times.append((a if begin is None else begin, b, found[0]))
            stress, begin = (0 if found[0][-1].isdigit() else stress), None
        elif times:  # length, nasality: more of what came before
            times[-1] = (times[-1][0], b, times[-1][2])
    times.append((edges[-2], edges[-1], "SIL"))
    return without_gaps(times)


def without_gaps(times: Times) -> Times:
    """Short silences between phones go half to either neighbour."""
    kept: Times = []
    for at, (start, end, name) in enumerate(times):
        if name == "SIL" and end - start <= SHORT and 0 < at < len(times) - 1 and kept:
            middle = (start + end) / 2
            kept[-1] = (kept[-1][0], middle, kept[-1][2])
            after = times[at + 1]
            times[at + 1] = (middle, after[1], after[2])
        else:
            kept.append((start, end, name))
    return kept


def with_output(model: Path, tensor: str) -> Any:
    """A session of ``model`` that also gives the inner ``tensor``: protobuf merges a message that comes twice."""
    import onnxruntime

    name = tensor.encode()
    info = bytes([0x0A, len(name)]) + name  # ValueInfoProto.name
    graph = bytes([0x62, len(info)]) + info  # GraphProto.output
    data = model.read_bytes() + bytes([0x3A, len(graph)]) + graph  # ModelProto.graph
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(data, options, providers=["CPUExecutionProvider"])
