"""Run the command line, as ``cygnet`` and as ``python -m cygnet``."""

import sys


def main() -> None:
    """Load the commands and run one; Ctrl-C is one line and exit code 130 from the first moment."""
    try:
        # Here, not above: loading takes a quarter of a second, in which Ctrl-C may come.
        from cygnet.cli.main import main as run

        run()
    except KeyboardInterrupt:
        sys.stderr.write("interrupted\n")
        sys.exit(130)


if __name__ == "__main__":
    main()
