"""Starts the guest program as process 1. It only finds the package; the program does the rest."""

import sys

sys.path.insert(0, "/usr/lib/clawdesk")

from clawdesk_guest.runner import main

main()
