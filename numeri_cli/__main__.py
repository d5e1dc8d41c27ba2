"""``python -m numeri_cli`` is ``numeri``."""

import sys

from numeri_cli.cli.app import main

if __name__ == "__main__":
    sys.exit(main())
