"""The only code that reads the store: typed functions that take plain values and return rows.

Every function may raise `store.StoreUnavailableError`, which says what is wrong and what to run.
"""
