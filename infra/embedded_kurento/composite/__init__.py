"""Composite and HubPort: a room whose members see and hear one mix.

hub.py           the Kurento types: a port is a media element that decodes and encodes
layout.py        where each member's picture goes (pure)
canvas.py        the mixed picture
mixer.py         what the two threads of a room have in common
video_mixer.py   the thread that decodes, mixes and encodes pictures
audio_mixer.py   the thread that decodes, mixes and encodes sound
"""
