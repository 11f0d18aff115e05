"""Copies of a server: when they are whole, what goes, and what is restored."""

from mutants.mutant import mutant

WRITING, RESTORING, CHECKING = "backup/writing.py", "backup/restoring.py", "backup/checking.py"
RETENTION, PRUNING, CATALOGUE = "backup/retention.py", "backup/pruning.py", "backup/catalogue.py"
STREAMS, LISTING, PROGRAM = "backup/streams.py", "backup/listing.py", "commands/backup.py"
STATUS, BEFORE = "status/backups.py", "desired/backup/restoring.py"
MAKING, CUT, SAYING = "backup/test_backup.py", "backup/test_cut.py", "commands/test_backup.py"
STANDING, BEGINNING = "status/test_backups.py", "desired/test_restoring.py"

MUTANTS = (
    mutant(
        WRITING,
        "what was written is not looked for",
        "if lacking := checking",
        "if False and checking",
        MAKING,
        accepted="only a store that loses what it took would show it",
    ),
    mutant(
        WRITING, "what changed is not copied", "(known.size, known.mark) == (thing.size, thing.mark)", "True", MAKING
    ),
    mutant(WRITING, "bytes that are gone count", "self._blobs.get(known.blob) == known.stored", "True", MAKING),
    mutant(RESTORING, "a store with artifacts is restored into", "if there and begun != of.name:", "if False:", MAKING),
    mutant(RESTORING, "a cut restore begins anew", "if there and begun != of.name:", "if there:", CUT),
    mutant(RESTORING, "what is damaged is restored", "if lacking := checking.lacking(where, of):", "if False:", MAKING),
    mutant(RESTORING, "another backup counts as this one", "if known not in (None, of.name):", "if False:", SAYING),
    mutant(CHECKING, "lengths do not count", "if size == expected:", "if size:", MAKING),
    mutant(CATALOGUE, "what was cut off is a backup", "if MANIFEST in files[name]]", "]", CUT),
    mutant(
        CATALOGUE,
        "checksums do not count",
        "yield from checked(decompressed(where.read(name), what), sha256, what)",
        "yield from decompressed(where.read(name), what)",
        MAKING,
    ),
    mutant(
        STREAMS,
        "an end that is missing is none",
        "if not decompressor.eof:",
        "if False:",
        MAKING,
        accepted="the checksum finds it too",
    ),
    mutant(RETENTION, "the latest goes too", " | {one.name for one in own[-1:]}", "", MAKING),
    mutant(RETENTION, "other servers' backups go", "if one.server.uid == uid]", "]", MAKING),
    mutant(PRUNING, "bytes go while another is under way", "if left.cut:", "if False:", MAKING),
    mutant(PRUNING, "bytes stay for ever", "elif old or cut:", "elif False:", MAKING),
    mutant(PROGRAM, "a server is restored twice", "if said.once and", "if False and", SAYING),
    mutant(PROGRAM, "backups are copied too", "return same and inner.startswith(outer)", "return False", SAYING),
    mutant(
        STATUS, "an old failure counts", "failed.time > made.time + timedelta(seconds=made.seconds)", "True", STANDING
    ),
    mutant(STATUS, "late is never told", "and now > due:", "and False:", STANDING),
    mutant(
        BEFORE, "the bucket is not made first", "if bucket is None or not bucket.create_bucket:", "if True:", BEGINNING
    ),
    mutant(BEFORE, "the database is prepared before", '"value": "artifacts"', '"value": "all"', BEGINNING),
)
