"""What facts tell, an area a module; importing this binds them all."""

from ceportal.scenarios.facts import certifications, credits, emeritus, exams, labs, notices, payments

__all__ = ["certifications", "credits", "emeritus", "exams", "labs", "notices", "payments"]
