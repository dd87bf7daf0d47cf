"""Networks run by onnxruntime on the CPU, all opened alike."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import onnxruntime


def open_network(path: Path, threads: int = 0) -> onnxruntime.InferenceSession:
    """The network in ``path``; ``threads`` 0 leaves their number to onnxruntime. Raises what onnxruntime raises.

    Its threads sleep while they wait: spinning ones would take the cores from whatever runs beside it.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    return onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])


def network_facts(path: Path) -> dict[str, Any]:
    """What was written into a network of ours at its export; {} for any other file."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL  # it is not run
    try:
        session = onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        return dict(json.loads(session.get_modelmeta().custom_metadata_map["dxtalker"]))
    except Exception:  # onnxruntime has many; whoever opens the file to use it says what is wrong
        return {}
