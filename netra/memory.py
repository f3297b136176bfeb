"""How a process that serves keeps Python's collector from walking over what never goes."""

import gc

# A call makes some hundreds of objects and hardly a cycle among them: by Python's defaults the
# collector would run several times a call, and a sixth of its time would go there.
_THRESHOLDS = (50_000, 20, 50)


def settle_memory() -> None:
    """To be called once all is loaded: what is there now is never looked at again."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
