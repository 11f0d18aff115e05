"""Programs that run in a pod of a user: what somebody tries at a server that wants logins, and what it answers."""

ASK = """
import http.client, json, os, ssl, sys
trust = ssl.create_default_context(cadata=os.environ["AUTHORITY"])
trust.check_hostname = False  # pods are asked by their addresses
answers = []
for method, host, path, headers in json.load(sys.stdin):
    there = http.client.HTTPSConnection(host, context=trust)
    there.request(method, path, headers=headers)
    answer = there.getresponse()
    answer.read()
    answers.append([answer.status, answer.headers.get("Location", "")])
    there.close()
print(json.dumps(answers))
"""
"""Asks as it is told: method, host, path as it is sent, headers; status, and where it leads."""

WALK = """
import http.client, json, os, re, ssl, sys
trust = ssl.create_default_context(cadata=os.environ["AUTHORITY"])
trust.check_hostname = False
os.environ["MLFLOW_TRACKING_URI"] = "sqlite:////tmp/walk.db"
from mlflow.server import app
from mlflow.server.fastapi_app import create_fastapi_app

def ways():
    for rule in app.url_map.iter_rules():
        for method in rule.methods - {"OPTIONS"}:
            yield method, rule.rule
    for path, methods in create_fastapi_app(app).openapi()["paths"].items():
        for method in methods:
            yield method.upper(), path

def statuses(host, asked):
    there = http.client.HTTPSConnection(host, context=trust)
    for method, path in asked:
        there.request(method, path, "{}", {"Content-Type": "application/json"})
        answer = there.getresponse()
        answer.read()
        yield method, path, answer.status, answer.headers.get("Location", "")

found = {(method, re.sub("<[^>]*>|{[^}]*}", "x", path)) for method, path in ways()}
more = {(method, path) for method in ("GET", "POST") for path in json.loads(sys.argv[2])}
print(json.dumps(list(statuses(sys.argv[1], sorted(found | more)))))
"""
"""Asks for every path of MLflow, by every method that it has, and for some more, as a stranger."""

CLIENT = """
import json, os, sys
token, url, model = json.load(sys.stdin)
with open("/tmp/authority.pem", "w") as file:
    file.write(os.environ["AUTHORITY"])
os.environ |= {"MLFLOW_TRACKING_TOKEN": token, "MLFLOW_TRACKING_SERVER_CERT_PATH": "/tmp/authority.pem"}
import mlflow
mlflow.set_tracking_uri(url)
mlflow.set_experiment("training")
client = mlflow.MlflowClient()
client.create_registered_model(model)
for accuracy in (0.81, 0.87, 0.9):
    with mlflow.start_run() as run:
        mlflow.log_metric("accuracy", accuracy)
        mlflow.log_text("a model", "model/MLmodel")
    source = f"{run.info.artifact_uri}/model"
    client.create_model_version(model, source, run.info.run_id)
back = mlflow.artifacts.load_text(f"runs:/{run.info.run_id}/model/MLmodel")
print(json.dumps([mlflow.get_run(run.info.run_id).data.metrics["accuracy"], back]))
"""
"""Logs runs with an artifact and registers versions of them, by MLflow's own client and a token alone."""

LISTEN = """
import json, re, socket, sys
seen = socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(3))
seen.bind(("lo", 0))
seen.settimeout(60)
print("listening", flush=True)
marker = sys.argv[1].encode()
while True:
    packet = seen.recv(65535)
    if marker in packet and b"HTTP/1.1\\r\\n" in packet:
        head = packet[packet.index(b"HTTP/1.1\\r\\n"):].partition(b"\\r\\n\\r\\n")[0].decode()
        print(json.dumps([line.split(": ", 1) for line in head.split("\\r\\n")[1:]]), flush=True)
        break
"""
"""Says with which headers a request with a word in its path arrives, in the network in which it runs."""
