"""Logs of calls that went elsewhere: read, priced, and estimated before any traffic is routed.

Imported calls are events of kind "import". They are written through the store itself and not by
`services.ingestion`, so that nothing which follows from live traffic (ledger, totals, limits) can
follow from them.
"""
