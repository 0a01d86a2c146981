"""Simulated GPUs: a stand-in for NVIDIA's driver library, and the file that tells it what to say.

For machines without a GPU: the window and the Fabric see what `python -m
clawdesk_fabric.simulated_gpus run 8 -- COMMAND` describes, faults included. Nothing computes on
them; every figure of theirs is marked as simulated.
"""
