"""People: who logs in, and who is in the certification records."""

from __future__ import annotations

from typing import Any, ClassVar

from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils.translation import gettext_lazy as _


class UserManager(BaseUserManager["User"]):
    """Makes users who log in with their e-mail address."""

    def create_user(self, email: str, password: str | None = None, **fields: Any) -> User:
        user = self.model(email=self.normalize_email(email), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **fields: Any) -> User:
        return self.create_user(email, password, is_staff=True, is_superuser=True, **fields)


class User(AbstractUser):
    """Someone who can log in, by e-mail address."""

    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=150, blank=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects = UserManager()  # type: ignore[misc,assignment]

    class Meta:
        constraints = [models.UniqueConstraint(Lower("email"), name="user_email_unique")]

    def __str__(self) -> str:
        return self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email


class Candidate(models.Model):
    """A person in the certification records."""

    user = models.OneToOneField(User, on_delete=models.PROTECT, null=True, blank=True)
    number = models.CharField(_("candidate number"), max_length=20, unique=True)
    name = models.CharField(_("name"), max_length=150)
    born = models.DateField(_("date of birth"))
    country = models.CharField(_("country of residence"), max_length=2)
    region = models.CharField(_("region"), max_length=6, blank=True)
    billing_country = models.CharField(_("billing country"), max_length=2, blank=True)
    email = models.EmailField(_("registered e-mail address"))
    address_confirmed_at = models.DateTimeField(null=True, blank=True)  # when the address was last given or confirmed
    time_zone = models.CharField(_("time zone"), max_length=50, default="UTC")
    language = models.CharField(_("language"), max_length=10, default="en")
    created_at = models.DateTimeField()
    erased_at = models.DateTimeField(null=True, blank=True)  # since then it names nobody any more (CAND-09)

    class Meta:
        constraints = [
            models.CheckConstraint(name="candidate_country_code", condition=Q(country__regex=r"^[A-Z]{2}$")),
            models.CheckConstraint(
                name="candidate_billing_country_code",
                condition=Q(billing_country="") | Q(billing_country__regex=r"^[A-Z]{2}$"),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.number})"
