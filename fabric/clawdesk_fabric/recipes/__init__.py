"""How inference images are made: Debian files, pinned wheels, one layer, no registry."""
