"""A card sandbox: the part of Stripe's HTTP protocol the portal uses, for machines without Stripe.

It is a process of its own, driven by the official SDK unchanged (`base_addresses={"api": ...}`), with state
that survives restarts. Nouns: a *session* is a hosted checkout; an *intent* (PaymentIntent) is one payment
with every attempt made at it; a *charge* is one attempt on a card; a *refund* gives part of a charge back; an
*event* says that something happened, a *delivery* brings it to the webhook. *Switches* make the sandbox
misbehave the way a network and a payment service do.

No Django in here, and no real card ever: only Stripe's documented test numbers are accepted, and none is
stored.
"""
