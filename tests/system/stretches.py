#!/usr/bin/env python3
"""What search must find: every place is tried by itself, what overlaps is one.

    stretches.py FILE OFFSET LENGTH MOST PATTERN
"""
import re
import sys

BEFORE = 255
file, offset, length, most = sys.argv[1], *map(int, sys.argv[2:5])
pattern = re.compile(sys.argv[5].encode("latin1"))
with open(file, "rb") as source:
    source.seek(offset)
    data = source.read(length)

stretches = []
for place in range(len(data)):
    before = min(BEFORE, place)
    match = pattern.match(data[place - before : place + most], before)
    end = place - before + match.end() if match else place
    if end == place:
        continue
    if stretches and place < stretches[-1][1]:
        stretches[-1][1] = max(stretches[-1][1], end)
    else:
        stretches.append([place, end])
for begin, end in stretches:
    print("%7d %d" % (offset + begin, end - begin))
