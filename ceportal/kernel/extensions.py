"""Extensions of PostgreSQL that the tables of several apps stand on."""

from __future__ import annotations

from typing import Any

from django.contrib.postgres.operations import BtreeGistExtension


class SharedBtreeGist(BtreeGistExtension):
    """Exclusion constraints on integers need it. It stays when one app goes back, for the tables of the others."""

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Leave the extension where it is."""
