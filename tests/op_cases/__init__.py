"""The op tables: one file per family of `shapecalc.ops`, one row per behaviour."""
