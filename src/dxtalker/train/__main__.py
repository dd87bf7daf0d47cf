"""``python -m dxtalker.train`` is ``dxtalker train``, so that ``accelerate launch -m`` can start it."""

import sys

from ..cli import main

if __name__ == "__main__":
    main(["train", *sys.argv[1:]])
