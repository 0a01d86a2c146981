"""Weights the user already has on disk: what they are, and whether they are still the same bytes.

Reads headers, hashes files. Never executes, converts, copies or downloads anything.
"""
