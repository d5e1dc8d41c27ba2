"""``python -m numeri_cli`` is ``numeri``."""

from numeri_cli.cli.app import main

if __name__ == "__main__":
    main()
