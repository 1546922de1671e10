"""The past on a ClickHouse server, or on several: the same record and the same answers as in a folder.

address   where it is          native     how columns travel        door      one request after the other
tables    what is kept         migration  made, and brought up to date
ledger    who was read how     numbers    sweeps of several writers in one order
rows      batches as rows      buffer     what the servers do not have yet, on this machine's disk
writer    into the servers     recorder   a historian whose sealed past they are
server    the archive: what can be asked
"""

from __future__ import annotations
