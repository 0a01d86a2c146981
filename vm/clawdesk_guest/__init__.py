"""What runs inside a ClawDesk machine. Standard library only: it is copied into the guest image."""
