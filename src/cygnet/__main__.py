"""Run the command line as ``python -m cygnet``."""

from cygnet.cli.main import main

if __name__ == "__main__":
    main()
