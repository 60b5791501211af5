"""The command line: one small file a command. Each parses, calls, prints; nothing else imports this.

Read `main.py` (errors and exit codes), `options.py` (what commands share), then `train.py`.
"""
