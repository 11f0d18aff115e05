"""Status, Event, metric."""

from mutants.mutant import mutant

PUBLISH = "reconcile/publish.py"
PASSES = "reconcile"

MUTANTS = (
    mutant(
        PUBLISH,
        "a status that says nothing new is written",
        "if status == subject.status and not always:",
        "if False:",
        PASSES,
    ),
    mutant(
        PUBLISH,
        "the answer to a write is not kept",
        "        world.store.put(kind.NAMES.kind, written)\n",
        "        pass\n",
        PASSES,
    ),
    mutant(
        PUBLISH,
        "a deleted object comes back",
        "if world.store.get(kind.NAMES.kind, meta.namespace, meta.name):",
        "if True:",
        PASSES,
    ),
    mutant(
        PUBLISH,
        "the Event comes before the status",
        "    written = await world.cluster.apply_status(subject, status.wire())\n",
        "    await _announce(world, subject, subject.model_copy(update={'status': status}))\n"
        "    written = await world.cluster.apply_status(subject, status.wire())\n",
        PASSES,
    ),
    mutant(
        PUBLISH,
        "an Event that is refused fails the pass",
        "    except OperatorError as error:\n",
        "    except ZeroDivisionError as error:\n",
        PASSES,
    ),
    mutant(PUBLISH, "no Event is a warning", '"type": "Warning" if warning else "Normal"', '"type": "Normal"', PASSES),
    mutant(
        PUBLISH,
        "every Event is a warning",
        'warning = said.status != "True" and (',
        'warning = said.status != "Gone" and (',
        PASSES,
    ),
    mutant(
        PUBLISH,
        "each write has an Event",
        "(old is None or (old.status, old.reason, _asked(before)) != (new.status, new.reason, _asked(after)))",
        "True",
        PASSES,
    ),
    mutant(PUBLISH, "the intent has an Event", "if new.reason in _QUIET or", "if", PASSES),
    mutant(PUBLISH, "a note of any length", ".encode()[:_NOTE].decode", ".encode().decode", PASSES),
    mutant(
        PUBLISH, "the metric of Ready stands still", "    _measure(after)\n    return after", "    return after", PASSES
    ),
)
