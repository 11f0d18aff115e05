"""Models and their files, and whether data has drifted."""

from mutants.mutant import mutant

HOME = "model_registry/artifacts/"
MEMORY, FLIGHTS, WORKERS, DISK = (HOME + name for name in ("memory.py", "flights.py", "workers.py", "disk.py"))
FOLDERS, COMPRESSION, FLAVORS = (HOME + name for name in ("folders.py", "compression.py", "flavors.py"))
TRANSFER, RUNS, STORE, LOCATION = (HOME + name for name in ("transfer.py", "runs.py", "store.py", "location.py"))
DRIFT = "model_registry/drift/"
STATISTICS, DETECT, REPORT = (DRIFT + name for name in ("statistics.py", "detect.py", "report.py"))
COMMAND = "commands/drift.py"
MODELS, DATA = "model_registry/artifacts", "model_registry/drift"

MUTANTS = (
    mutant(
        MEMORY,
        "the newest goes first",
        "self._kept.move_to_end(key)",
        "self._kept.move_to_end(key, last=False)",
        MODELS,
    ),
    mutant(MEMORY, "a giant drives out all others", "if size > self._room:", "if False:", MODELS),
    mutant(FLIGHTS, "everybody loads for himself", "self._under_way.get(key) or (", "None or (", MODELS),
    mutant(FLIGHTS, "one who leaves ends it for all", "if waiters == 1:", "if True:", MODELS),
    mutant(
        WORKERS,
        "threads that hang stop all others",
        "self._free += 1\n                    self._begin()",
        "pass",
        MODELS,
    ),
    mutant(
        DISK,
        "what is in use goes",
        "if lock is None:\n            return False",
        "if lock is None:\n            lock = self",
        MODELS,
    ),
    mutant(
        DISK,
        "half an entry is believed",
        "return sum(sizes.values()) if sizes == found else None",
        "return sum(sizes.values())",
        MODELS,
    ),
    mutant(DISK, "there is no limit", "if taken + wanted <= self._limit:", "if True:", MODELS),
    mutant(
        DISK,
        "what broke off stays",
        "except BaseException:\n            shutil.rmtree(made, ignore_errors=True)",
        "except BaseException:",
        MODELS,
    ),
    mutant(
        DISK, "what killed processes left stays", "for key in {left.name", "for key in set() and {left.name", MODELS
    ),
    mutant(FOLDERS, "a full disk is an error of somebody else's", "if error.errno not in _FULL:", "if True:", MODELS),
    mutant(
        FOLDERS,
        "a link leads out of the folder",
        "if not path.resolve().is_relative_to(folder.resolve()):",
        "if False:",
        MODELS,
    ),
    mutant(
        COMPRESSION,
        "a bomb fills the disk",
        "if written > size:\n                    break",
        "if False:\n                    break",
        MODELS,
    ),
    mutant(COMPRESSION, "nobody asks for room", "    reserve(sum(before.values()))\n", "", MODELS),
    mutant(TRANSFER, "half a file is a file", "if target.stat().st_size != size:", "if False:", MODELS),
    mutant(RUNS, "what broke off runs for ever", '_end(server, run_id, "FAILED")', "pass", MODELS),
    mutant(
        RUNS, "a deleted experiment takes runs", 'if found.get("lifecycle_stage") == "deleted":', "if False:", MODELS
    ),
    mutant(
        LOCATION,
        "a number that is given again is the old model",
        ", self.source, self.created]",
        ", self.source]",
        MODELS,
    ),
    mutant(STORE, "files go before their model", "self._hold(lease, model)", "lease.release()", MODELS),
    mutant(STORE, "who stops waiting leaves a run that goes on", "stopped.set()", "pass", MODELS),
    mutant(
        FLAVORS,
        "XGBoost is scikit-learn",
        "for flavor in FLAVORS:\n        if any",
        "for flavor in FLAVORS[::-1]:\n        if any",
        MODELS,
    ),
    mutant(STATISTICS, "rare categories are tested", "_LEAST_EXPECTED = 5", "_LEAST_EXPECTED = 0", DATA),
    mutant(STATISTICS, "an edge is in both bins", 'side="left"', 'side="right"', DATA),
    mutant(STATISTICS, "PSI is one-sided", "(q - p) * np.log(q / p)", "q * np.log(q / p)", DATA),
    mutant(DETECT, "many columns, many false alarms", "one.least * tests", "one.least", DATA),
    mutant(DETECT, "anything significant is drift", "one.drift.psi >= threshold and ", "", DATA),
    mutant(DETECT, "few rows are drift", " and p_value < alpha", "", DATA),
    mutant(
        DETECT, "missing values do not count", "if one is not None)", "if one is not None and one is not gone)", DATA
    ),
    mutant(DETECT, "new categories do not count", "(now, new.sum()))", "(now, 0))", DATA),
    mutant(REPORT, "two columns are one metric", "if name != column.name:", "if False:", DATA),
    mutant(
        COMMAND,
        "drift ends as if there were none",
        "return DRIFT if report.drifted else NONE",
        "return NONE",
        "commands",
    ),
)
