"""接口: /api/v1, the same verbs for programs."""
