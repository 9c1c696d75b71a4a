"""The names of countries in templates."""

from __future__ import annotations

from django import template

from ceportal.kernel.countries import country_name

register = template.Library()
register.filter("country_name", country_name)
