"""Sets a checkout up. Runs under the system's own Python 3.10 or newer, standard library only.

It never adds the user to a group, never makes a network, never restarts a service, and never
installs a system package without having printed its name.
"""
