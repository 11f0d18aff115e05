# Starts PostgreSQL on the data in $PGDATA, which it makes when they are not there.
# Input: $PGDATA, $DATABASE, and the files username and password in $CREDENTIALS.
set -euo pipefail

unfinished="$PGDATA.unfinished"
named=() # what gives the process a name, for programs that ask for it

# A platform may choose the user, and where its runtime adds no line to /etc/passwd the user has no name.
if ! getent passwd "$(id -u)" >/dev/null; then
  for library in /usr/lib/libnss_wrapper.so /usr/lib/*/libnss_wrapper.so; do
    [ -s "$library" ] || continue
    passwd=$(mktemp)
    echo "postgres:x:$(id -u):$(id -g)::/tmp:/bin/false" >"$passwd"
    named=(env LD_PRELOAD="$library" NSS_WRAPPER_PASSWD="$passwd" NSS_WRAPPER_GROUP=/dev/null)
    break
  done
fi

if [ ! -e "$PGDATA" ]; then
  echo "making a new cluster in $PGDATA"
  rm -rf "$unfinished" # a start before this one was killed halfway
  "${named[@]}" initdb --pgdata="$unfinished" --username="$(<"$CREDENTIALS/username")" \
    --pwfile="$CREDENTIALS/password" --auth=scram-sha-256 --encoding=UTF8 --locale=C.UTF-8 >/dev/null
  echo "host all all all scram-sha-256" >>"$unfinished/pg_hba.conf"
  "${named[@]}" postgres --single -D "$unfinished" postgres <<<"CREATE DATABASE \"$DATABASE\"" >/dev/null
  # Single-user mode ends with 0 whatever happened.
  "${named[@]}" postgres --single -D "$unfinished" postgres <<<"SELECT datname FROM pg_database" |
    grep -q "\"$DATABASE\""
  sync
  mv "$unfinished" "$PGDATA" # all of it, or nothing
fi

rm -f "${passwd:-}"
found=$(<"$PGDATA/PG_VERSION") own=$(postgres --version)
own=${own##*PostgreSQL) } own=${own%%[!0-9]*}
if [ "$found" != "$own" ]; then
  echo "the data are of PostgreSQL $found, and the image has $own, which does not start on them; set the operator's image" \
    "of PostgreSQL back to $found, and move to $own by a backup that a new server begins with" >&2
  exit 1
fi
chmod 0700 "$PGDATA" # a kubelet that applies fsGroup opens it to the group, which PostgreSQL refuses
# Enough for pools of MLflow in several pods; one that nobody has opened takes 20 KB.
exec postgres -D "$PGDATA" -c listen_addresses='*' -c unix_socket_directories=/tmp -c max_connections=300
