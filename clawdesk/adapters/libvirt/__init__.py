"""Machines over libvirt and QEMU, guest images, and the channel into a guest."""

import os

# libvirt reads this when it is first imported. The embedded driver would otherwise warn on the
# program's own stderr; every error also arrives as an exception. Set it to see libvirt's own log.
os.environ.setdefault("LIBVIRT_LOG_OUTPUTS", "4:file:/dev/null")
