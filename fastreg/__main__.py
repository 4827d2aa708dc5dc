"""``python -m fastreg``."""

import sys

from fastreg.cli import main

if __name__ == "__main__":
    sys.exit(main())
