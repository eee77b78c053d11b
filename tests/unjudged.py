"""Settings of an experiment under which a busy machine changes no verdict.

For tests in which neither media nor the machine is what is asked: others run beside them.
"""

UNJUDGED = """
invalid: {waited_for_cpu: 60s, other_programs: 1, thread_cpu: 1, steal: 1, late_polls: 1,
  capture_of_asked: 0, udp_drops: 1000000, memory_available: 0, app_late: 60s}
criteria: {setup_within: 60s, delivered: 0, target_of_baseline: 0, frame_rate_of_baseline: 0,
  residual_loss: 1, repair: 1, gap: 60s, stalled_share: 1}
"""
