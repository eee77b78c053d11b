"""Machines on AWS for one experiment: created, repaired and removed.

The only package that imports boto3, and within it only `cloud` and `upload`.

1. `wanted` turns an experiment's settings into the resources that one run needs (`resources` has
   the values). `run_files` keeps on the disk what the next call needs: its name (`run_record`) and
   its keys (`ssh_keys`), in a folder that is the farm's (`marked_folder`; `older_run_files`).
2. `look` asks AWS which resources carry the run's tag, and what a region offers.
3. `plan` compares the two and returns the next calls (pure). A second call of `farm provision`
   plans from what exists: it repairs and adds, and does nothing when everything is there.
4. `apply` makes the calls, waits until their results are visible, and plans again until nothing is
   left to do. A first provision that fails removes what it created.
5. `plan.ending` returns the calls that remove everything of a run.

The only state is AWS's own, read by tag, so that the next call is right whenever the farm was
killed. The calls that create resources tag them, so none exists without its tag; those that create
instances carry a client token, so that the same call sent twice makes one.

A region in which AWS refuses to list resources is reported, and the others are still read
(`look.look_around`); `refusals` says what AWS's error codes mean to a user.

`prices` reads what machines cost, `statement` writes plans and costs as text, `resets` restarts or
replaces the server's machine between trials, `upload` sends reports to S3.
"""
