"""The one place that writes and reads what a run leaves. Nothing else in gdrun touches these files.

Read in this order: `files` (the seam to the disk: atomic writes), `refusal`, `growing`, `naming`, `lock`,
`checkpoints`, `weights`, `tables` and `metrics_csv` (the CSV files), `environment`, `directory`, `run` and
`group` (writing), `store` (reading, listing, removing).
"""
