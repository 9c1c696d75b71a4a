"""What a holder can print and show: certificate, card, logos. Each paper leads by its code to the answer of the day.

They are composed from what a verification answers (CERT-09), so that a paper says no more and no less; the same
certification on the same day gives the same bytes.
"""

from candidates.documents.logos import guidelines, logo_pack
from candidates.documents.offers import Offer, emblem_of, offers_for
from candidates.documents.papers import card, certificate

__all__ = ["Offer", "card", "certificate", "emblem_of", "guidelines", "logo_pack", "offers_for"]
