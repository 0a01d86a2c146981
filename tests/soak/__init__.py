"""Long runs on real parts, each with one JSON line as its result."""
