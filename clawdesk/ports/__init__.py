"""One Protocol and its errors a file: what the control plane needs of the world.

Adapters implement them with real parts; tests/support/fakes implements them in memory. One
contract suite (tests/contract) runs on both.
"""
