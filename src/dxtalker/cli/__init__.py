"""The command line: one function a command. It only parses, calls and reports."""

from __future__ import annotations

import signal
import sys
import threading
from collections.abc import Sequence

import tyro
from tyro.conf import FlagCreatePairsOff

from ..errors import DxtalkerError
from .clips import clips, curate
from .faces import fit
from .speaking import render, speak
from .study import bench, doctor, evaluate, model, train


def _terminated(*_: object) -> None:
    raise SystemExit(143)


def main(arguments: Sequence[str] | None = None) -> None:
    """Entry point: exit code 0 when all went well, 2 for bad input, 3 when something is missing, 130 when interrupted."""
    commands = {
        f.__name__: f for f in (speak, render, fit, curate, clips, train, model, evaluate, bench, doctor)
    }
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, _terminated)  # so that unfinished files are cleaned up
    try:
        tyro.extras.subcommand_cli_from_dict(
            commands,
            args=arguments,
            prog="dxtalker",
            description="Speech in, a 3D talking head out.",
            config=(FlagCreatePairsOff,),
        )
    except DxtalkerError as error:
        print(f"dxtalker: {' '.join(str(error).split())}", file=sys.stderr)
        raise SystemExit(error.exit_code) from None
    except KeyboardInterrupt:
        print("dxtalker: interrupted; nothing half-written was left behind", file=sys.stderr)
        raise SystemExit(130) from None
