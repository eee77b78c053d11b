"""RecorderEndpoint and PlayerEndpoint: media written to files and read from them.

places.py     the folders that clients may use
uri.py        UriEndpoint: the file that is used, and the states both share
recorder.py   RecorderEndpoint: whole frames, on one timeline, to a take
take.py       one recording from its first frame to its end, with times from 0
webm.py       the thread that writes the file
player.py     PlayerEndpoint, and the thread that reads, paces and codes
"""
