"""People, certifications, notices, cases and sanctions in the administration."""

from candidates.admin import candidates, cases, certifications, notices, people, standing

__all__ = ["candidates", "cases", "certifications", "notices", "people", "standing"]
