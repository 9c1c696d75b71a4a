"""Where each clause of the policy book is enforced and what proves it: the table in docs/clauses.md.

A *citation* is a place that names a clause: a function, class or constant of the portal's code, a test, a scenario.
`python -m ceportal.clauses` writes the table; with `--check` it only says what is wrong with it.
"""
