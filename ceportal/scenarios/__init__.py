"""Policy scenarios: dated stories about candidates, told through the services, and what must be true as they go on.

A *document* is YAML; a *scenario* is what was read from it; its *steps* are verbs and checks. The *vocabulary* says
which verbs and facts there are; the modules under `verbs` and `facts` say what they do. docs/scenarios.md is for those
who write them.
"""
