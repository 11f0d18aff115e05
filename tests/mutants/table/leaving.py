"""How the pods of a server end while clients use them."""

from mutants.mutant import mutant

LEAVING, STARTING = "desired/server/programs/take_leave.py", "desired/server/programs/start_server.py"
ENVIRONMENT = "desired/server/environment.py"
PROGRAM = "desired/test_leaving_program.py"

MUTANTS = (
    mutant(LEAVING, "nobody is told to go", "[*self.server_state.default_headers, LAST]", "[]", PROGRAM),
    mutant(
        LEAVING, "what is idle is closed at once", "self.loop.call_later(SECONDS, self._end)", "self._end()", PROGRAM
    ),
    mutant(LEAVING, "who keeps silent stays", "            super().shutdown()", "            pass", PROGRAM),
    mutant(ENVIRONMENT, "proxies are cut off", "KEEP_ALIVE_SECONDS = 120", "KEEP_ALIVE_SECONDS = 5", PROGRAM),
    mutant(STARTING, "an older uvicorn does not start", "if uvicorn < (0, 37):", "if False:", PROGRAM),
    mutant(
        STARTING,
        "the user's protocol is lost",
        """return {"UVICORN_HTTP": "strangers:Protocol"} | with_files(modules, environment)""",
        """return with_files(modules, environment) | {"UVICORN_HTTP": "strangers:Protocol"}""",
        PROGRAM,
    ),
)
