"""``python -m pathgrad`` (floor 7)."""

from .cli import main

if __name__ == "__main__":
    main()
