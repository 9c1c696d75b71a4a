"""Pages of the credit programme: candidates' here, providers' in provider.py."""
