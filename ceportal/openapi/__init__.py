"""The committed schema of the API, and what of a change would break a client."""
