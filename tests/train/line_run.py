"""Trains the task of a few numbers in each of several processes: unbroken, killed, resumed, and with a bad clip."""

import faulthandler
import json
import sys
from contextlib import nullcontext
from pathlib import Path

import pytest
from small_task import LineTask, config

from dxtalker.errors import DxtalkerError
from dxtalker.train.loop import train
from dxtalker.train.machine import Machine


class Killed(LineTask):
    """Dies at step 9."""

    def batch(self, size: int, seed: int):
        if len(self.seeds) == 9:
            raise MemoryError
        return super().batch(size, seed)


def main(folder: Path) -> None:
    machine, drawn, said, errors = Machine(), [], [], []
    for name, task, ends in (
        ("whole", LineTask(), None),
        ("broken", Killed(), MemoryError),
        ("broken", LineTask(), None),
        ("bad", LineTask(bad_from=3), DxtalkerError),
    ):
        # Any other error ends this process, and the other one with it: they would wait at different places.
        with pytest.raises(ends) if ends else nullcontext() as raised:
            train(task, config(), folder / name, said.append if machine.first else lambda _: None, machine)
        errors += [str(raised.value)] if raised else []
        drawn.append(task.seeds)
        machine.wait()
    found = {"drawn": drawn, "said": said, "errors": errors}
    (folder / f"process_{machine.rank}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    faulthandler.dump_traceback_later(95, exit=True)  # one that waits for the other says where
    main(Path(sys.argv[1]))
