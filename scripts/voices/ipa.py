"""IPA to the phone names of ``dxtalker.data.phones``: ARPABET, the nearest by what the mouth does, not by ear."""

from __future__ import annotations

VOWELS = {
    **dict.fromkeys("aɑä", "AA"), **dict.fromkeys("ɐəʌᵊɤɘɵ", "AH"), "æ": "AE", **dict.fromkeys("ɔɒ", "AO"),
    "ɛ": "EH", "e": "EY", **dict.fromkeys("ɜɚɝ", "ER"), **dict.fromkeys("ɪᵻɨɯ", "IH"), "i": "IY",
    "o": "OW", "œ": "OW", "ʊ": "UH", "ø": "UH", **dict.fromkeys("uyʏʉ", "UW"),
    "A": "EY", "I": "AY", "O": "OW", "Q": "OW", "W": "AW", "Y": "OY",  # diphthongs in Kokoro's alphabet
}  # fmt: skip
# A tapped or rolled r does not round the lips as the English one does; a Spanish β does not close them.
CONSONANTS = {
    "p": "P", "b": "B", "m": "M", **dict.fromkeys("fɸ", "F"), **dict.fromkeys("vʋ", "V"), "ɱ": "M",
    **dict.fromkeys("wβɥ", "W"), "θ": "TH", "ð": "DH", **dict.fromkeys("tʈT", "T"), **dict.fromkeys("dɖɾrɽ", "D"),
    **dict.fromkeys("nɲɳ", "N"), **dict.fromkeys("lʎɫɭ", "L"), **dict.fromkeys("ɹɻ", "R"), "s": "S", "z": "Z",
    "ʦ": "S", "ʣ": "Z", **dict.fromkeys("ʃɕʂ", "SH"), **dict.fromkeys("ʒʑʐ", "ZH"), **dict.fromkeys("ʧʨ", "CH"),
    **dict.fromkeys("ʤʥ", "JH"), **dict.fromkeys("jʝ", "Y"), **dict.fromkeys("kcq", "K"), **dict.fromkeys("ɡgɟɣ", "G"),
    **dict.fromkeys("ŋɴ", "NG"), **dict.fromkeys("hɦçxχʁʀħ", "HH"),
}  # fmt: skip
PAIRS = {
    "aɪ": "AY", "aʊ": "AW", "eɪ": "EY", "oʊ": "OW", "əʊ": "OW", "ɔɪ": "OY", "ɔø": "OY", "ɔʏ": "OY", "tʃ": "CH", "dʒ": "JH",
}  # fmt: skip
STRESS = {"ˈ": 1, "ˌ": 2}


def names(ipa: str, stress: int = 0) -> list[str]:
    """Phone names of a stretch of IPA, vowels with their stress (1 main, 2 secondary, 0 none); marks are passed over."""
    plain, found, at = ipa.replace("͡", "").replace("^", ""), [], 0
    while at < len(plain):
        sign = plain[at]
        stress = STRESS.get(sign, stress)
        name = PAIRS.get(plain[at : at + 2])
        at += 2 if name else 1
        name = name or VOWELS.get(sign) or CONSONANTS.get(sign)
        if name:
            vowel = name in VOWELS.values()
            found.append(f"{name}{stress}" if vowel else name)
            stress = 0 if vowel else stress
    return found
