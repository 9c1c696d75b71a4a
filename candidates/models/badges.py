"""Badges given out, and their places in the published lists of what is revoked or suspended."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from candidates.models.certifications import Certification

LIST_LENGTH = 131_072  # places in a list: the least that the standard allows, so that a place tells of nobody


class Badge(models.Model):
    """A certification's badge in one standing; its dates follow the certification, its name and place stay.

    Its place in a list is drawn by lot and given once; what stands there is worked out when the list is asked for.
    """

    class Standing(models.TextChoices):
        ACTIVE = "active", _("Certified")
        EMERITUS = "emeritus", _("Emeritus")
        LIFETIME_EMERITUS = "lifetime_emeritus", _("Lifetime Emeritus")

    certification = models.ForeignKey(Certification, on_delete=models.PROTECT, related_name="badges")
    standing = models.CharField(max_length=20, choices=Standing)
    key = models.UUIDField(unique=True)  # its name in the world: urn:uuid:...
    list_number = models.PositiveIntegerField()
    list_index = models.PositiveIntegerField()
    issued_at = models.DateTimeField()

    class Meta:
        ordering = ["-issued_at", "-id"]
        constraints = [
            models.UniqueConstraint(name="badge_one_per_standing", fields=["certification", "standing"]),
            models.UniqueConstraint(name="badge_place_once", fields=["list_number", "list_index"]),
            models.CheckConstraint(
                name="badge_known_standing", condition=Q(standing__in=["active", "emeritus", "lifetime_emeritus"])
            ),
            models.CheckConstraint(
                name="badge_place_in_list", condition=Q(list_number__gte=1, list_index__lt=LIST_LENGTH)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.certification_id} {self.standing}"
