"""The published architecture on the published data layout (arXiv 2602.10516); docs/paper-preset.md tells what differs."""
