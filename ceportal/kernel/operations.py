"""Migration operations that belong to no app."""

from __future__ import annotations

from typing import Any

from django.db.migrations.operations.base import Operation


class AtOnce(Operation):
    """Several changes of tables, for which the models are rendered once.

    Django renders a model, and all that are related to it, after each operation. Here nearly all are related, and so it
    was most of the time that migrating from nothing takes. Each of these operations sees the models as they are before
    the first and after the last of them: what one makes or alters, none of the others may change, and a constraint on a
    column that is new comes after, on its own or in the next of these, since going back it is taken away first.
    """

    def __init__(self, *operations: Operation) -> None:
        self.operations = operations

    @property
    def reversible(self) -> bool:  # type: ignore[override]  # Django's is an attribute of the class
        """Whether each of them is."""
        return all(each.reversible for each in self.operations)

    def state_forwards(self, app_label: str, state: Any) -> None:
        """Change what the models are; they are rendered when somebody asks for them."""
        state.__dict__.pop("apps", None)  # as ProjectState.clear_delayed_apps_cache() does
        for operation in self.operations:
            operation.state_forwards(app_label, state)

    def database_forwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Change the tables, in this order."""
        for operation in self.operations:
            operation.database_forwards(app_label, schema_editor, from_state, to_state)

    def database_backwards(self, app_label: str, schema_editor: Any, from_state: Any, to_state: Any) -> None:
        """Take the changes back, the last one first."""
        for operation in reversed(self.operations):
            operation.database_backwards(app_label, schema_editor, from_state, to_state)

    def describe(self) -> str:
        """What each of them says of itself."""
        return "; ".join(each.describe() for each in self.operations)
