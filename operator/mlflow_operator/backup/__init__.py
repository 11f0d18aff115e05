"""Backups of a tracking server: its database and its artifacts, in a folder or a bucket.

    backups/<id>/started.json       written first: one is under way, or was cut off
    backups/<id>/<database>.zst     one for each database
    backups/<id>/artifacts.zst      which artifacts there were, each with its checksum and where its bytes are
    backups/<id>/manifest.json      written last: without it there is no backup
    blobs/<aa>/<name>.zst           bytes of artifacts, shared by all backups that have them

The database is taken first, in one transaction, and the artifacts after it: whatever it speaks of is there. What has
not changed since the last backup is not copied again. Whatever kills a backup, what it leaves is not taken for one; a
restore that is killed goes on.
"""
