"""Machines from AWS for one experiment: made, looked after, and taken away again.

The only package that imports boto3, and within it only `cloud` and `upload`.

1. `wanted` turns an experiment's settings into the resources that one run needs (`resources` has
   the values). `run_files` keeps what must not be lost between two calls: its name (`run_record`)
   and its keys (`ssh_keys`), in a folder that is the farm's (`marked_folder`; `older_run_files`).
2. `look` asks AWS what there is of the run, by its tag, and what a region offers.
3. `plan` compares both and says which calls come next (pure). A second call of `farm provision`
   plans from what is there: it repairs and adds, and has nothing to do when all is well.
4. `apply` makes the calls, waits until they can be seen, and plans again until nothing is left to
   do. A first provision that fails takes back what it made.
5. `plan.ending` is the same the other way round: what is there of a run, and the calls that end it.

There is no state but AWS's own, read by tag: whatever was killed when, the next call sees what is
there. Creation carries the tags (so nothing is ever made without them) and, for instances, a client
token (so that the same call sent twice makes one).

A region that may not be looked at is said, and the others go on (`look.look_around`); `refusals`
has what AWS's codes mean to a user.

`prices` knows what things cost, `statement` says it all in words, `resets` makes the server's
machine new between trials, `upload` puts bundles into S3.
"""
