"""The ground the partner API stands on: who calls, with which scopes, and how a write is made once."""
