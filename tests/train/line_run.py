"""Trains the task of a few numbers in each of several processes: unbroken, killed, resumed, and with a bad clip."""

import faulthandler
import json
import sys
from pathlib import Path

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
    for name, task in (
        ("whole", LineTask()),
        ("broken", Killed()),
        ("broken", LineTask()),
        ("bad", LineTask(bad_from=3)),
    ):
        try:
            train(task, config(), folder / name, said.append if machine.first else lambda _: None, machine)
        except (MemoryError, DxtalkerError) as error:
            errors.append(str(error))
        drawn.append(task.seeds)
        machine.wait()
    found = {"drawn": drawn, "said": said, "errors": errors}
    (folder / f"process_{machine.rank}.json").write_text(json.dumps(found))


if __name__ == "__main__":
    faulthandler.dump_traceback_later(95, exit=True)  # one that waits for the other says where
    main(Path(sys.argv[1]))
