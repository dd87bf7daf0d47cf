from __future__ import annotations

import pytest

from dxtalker import errors

KINDS = [
    kind
    for kind in vars(errors).values()
    if isinstance(kind, type) and issubclass(kind, errors.DxtalkerError)
]


def test_every_kind_has_codes_and_a_sentence() -> None:
    assert len(KINDS) == 5
    for kind in KINDS:
        assert kind.exit_code in (1, 2, 3)
        assert kind.wire_code.isupper()
        assert kind.__doc__


def test_wire_codes_tell_the_kinds_apart() -> None:
    assert len({kind.wire_code for kind in KINDS}) == len(KINDS)


@pytest.mark.parametrize("kind", [errors.Unsupported, errors.LimitExceeded])
def test_what_was_given_is_bad_input(kind: type[errors.DxtalkerError]) -> None:
    assert issubclass(kind, errors.BadInput)
    assert kind.exit_code == 2


def test_missing_parts_are_not_the_users_input() -> None:
    assert not issubclass(errors.NotReady, errors.BadInput)
    assert errors.NotReady.exit_code == 3
