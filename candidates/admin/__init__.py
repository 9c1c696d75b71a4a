"""People, certifications, notices and cases in the administration."""

from candidates.admin import cases, certifications, notices, people

__all__ = ["cases", "certifications", "notices", "people"]
