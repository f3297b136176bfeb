"""What the gateway knows of providers: where they are, and how each wire dialect reads and writes.

Pure: no I/O, no Django, no clock. Everything works on bytes that somebody else moves.
"""
