"""What the commands do: each makes a plan, has it carried out, and looks at what it left.

Read `plan.py`, `planning.py` and `train.py`, then `build.py` (from a config to what training works on),
`tile.py` with `spec.py`, `members.py` and `writer.py` (what happens where runs are trained), `command.py`,
`group_training.py` and `carrying_out.py` (the runs of a group), `resume.py` and `summary.py`. Other commands:
`kfold.py`, `comparison/`. `trained.py` is what is done with a finished run.
"""
