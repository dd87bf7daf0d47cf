"""What a file's error stands for."""

from dxtalker.curate.probe import file_verdict
from dxtalker.errors import BadInput, LimitExceeded


def test_errors_have_reasons() -> None:
    assert file_verdict(LimitExceeded("'a': too slow")).reason == "file.limits"
    assert file_verdict(BadInput("'a': it holds no audio track")).reason == "file.no_sound"
    assert file_verdict(BadInput("'a': no picture could be decoded")).reason == "file.no_picture"


def test_what_is_not_known_cannot_be_read_and_keeps_its_words() -> None:
    said = file_verdict(BadInput("'a': something else"))
    assert said.reason == "file.unreadable" and said.remark == "'a': something else"
