"""Errors in the form, the words and the status codes in which Stripe gives them."""

from __future__ import annotations

from typing import Any

DOCUMENTATION = "https://docs.stripe.com/error-codes"


class ApiError(Exception):
    """An answer other than 200.

    `kept` says whether it is the outcome of an execution, and so is stored under the idempotency key; a
    request that was refused before anything was executed may be sent again, corrected, with the same key.
    """

    def __init__(self, status: int, error: dict[str, Any], *, kept: bool = False) -> None:
        super().__init__(error["message"])
        self.status = status
        self.kept = kept
        self.error = {name: value for name, value in error.items() if value is not None}
        if code := self.error.get("code"):
            self.error.setdefault("doc_url", f"{DOCUMENTATION}#{code.replace('_', '-')}")

    @property
    def body(self) -> dict[str, Any]:
        """The JSON body of the answer."""
        return {"error": self.error}


def invalid(message: str, *, param: str | None = None, code: str | None = None, status: int = 400) -> ApiError:
    """The request itself is wrong; nothing was executed."""
    error = {"type": "invalid_request_error", "message": message, "param": param, "code": code}
    return ApiError(status, error)


def refused(message: str, *, param: str | None = None, code: str | None = None, **more: Any) -> ApiError:
    """The request was understood and executed as far as a refusal: the state of things forbids it."""
    error = {"type": "invalid_request_error", "message": message, "param": param, "code": code, **more}
    return ApiError(400, error, kept=True)


def missing(kind: str, identifier: str, *, param: str = "id") -> ApiError:
    """No object of that kind has that id."""
    return invalid(f"No such {kind}: '{identifier}'", param=param, code="resource_missing", status=404)


def card_declined(error: dict[str, Any], **more: Any) -> ApiError:
    """402 with the bank's reason."""
    return ApiError(402, {**error, "type": "card_error", **more}, kept=True)
