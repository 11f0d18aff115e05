"""A setting that does not fit stops the process at its start, with a sentence that names it."""

import pytest

from mlflow_operator.config import PREFIX, Settings, SettingsError

REFUSED = {
    "misspelt": (
        {"REGISTRY_POL": "5"},
        "there is no setting MLFLOW_OPERATOR_REGISTRY_POL; write MLFLOW_OPERATOR_REGIS",
    ),
    "misspelt image": ({"IMAGE_SERVR": "x"}, "write MLFLOW_OPERATOR_IMAGE_SERVER"),
    "nothing like a setting": ({"XYZZY": "x"}, "one of APPROVALS, CLUSTER_DOMAIN, EXTERNAL_HOSTS"),
    "the images at once": ({"IMAGES": "x"}, "there is no setting MLFLOW_OPERATOR_IMAGES"),
    "a microsecond": (
        {"REGISTRY_POLL": "0.000001"},
        "MLFLOW_OPERATOR_REGISTRY_POLL is 0.000001; write 1 or more seconds",
    ),
    "no time": ({"RELIST": "0"}, "MLFLOW_OPERATOR_RELIST is '0'"),
    "for ever": ({"RESYNC": "inf"}, "MLFLOW_OPERATOR_RESYNC is 'inf'"),
    "no number": ({"RESYNC": "nan"}, "MLFLOW_OPERATOR_RESYNC is 'nan'"),
    "a word": ({"SERVER_PROBE": "often"}, "MLFLOW_OPERATOR_SERVER_PROBE is 'often'"),
    "a year": ({"SERVER_PROBE": "31536000"}, "MLFLOW_OPERATOR_SERVER_PROBE is '31536000'"),
    "no namespaces": ({"NAMESPACES": " , "}, "names nothing; unset it to mean everything"),
    "a glob of namespaces": ({"NAMESPACES": "team-*"}, "MLFLOW_OPERATOR_NAMESPACES is 'team-*'"),
    "a namespace in capitals": ({"NAMESPACES": "a,Team"}, "MLFLOW_OPERATOR_NAMESPACES is 'Team'"),
    "a long namespace": ({"NAMESPACES": "a" * 64}, "MLFLOW_OPERATOR_NAMESPACES"),
    "no hosts": ({"EXTERNAL_HOSTS": ","}, "names nothing"),
    "hosts with a scheme": ({"EXTERNAL_HOSTS": "https://a"}, "MLFLOW_OPERATOR_EXTERNAL_HOSTS is 'https://a'"),
    "too many workers": ({"WORKERS": "65"}, "MLFLOW_OPERATOR_WORKERS is '65'"),
    "no workers": ({"WORKERS": "0"}, "MLFLOW_OPERATOR_WORKERS is '0'"),
    "half a worker": ({"WORKERS": "1.5"}, "MLFLOW_OPERATOR_WORKERS is '1.5'"),
    "a port beyond": ({"HTTP_PORT": "99999"}, "MLFLOW_OPERATOR_HTTP_PORT is '99999'"),
    "a level that does not exist": ({"LOG_LEVEL": "LOUD"}, "MLFLOW_OPERATOR_LOG_LEVEL is 'LOUD'"),
    "a policy that does not exist": ({"IMAGE_PULL_POLICY": "Sometimes"}, "MLFLOW_OPERATOR_IMAGE_PULL_POLICY is 'Some"),
    "a domain with a blank": ({"CLUSTER_DOMAIN": "a b"}, "MLFLOW_OPERATOR_CLUSTER_DOMAIN is 'a b'"),
}


def read(variables: dict[str, str]) -> Settings:
    """The settings that a process with these variables has."""
    return Settings.from_environment({"PATH": "/bin"} | {PREFIX + name: value for name, value in variables.items()})


@pytest.mark.parametrize(("variables", "said"), REFUSED.values(), ids=REFUSED)
def test_a_setting_that_does_not_fit_is_refused(variables: dict[str, str], said: str) -> None:
    """Rather than passed over, or taken for everything."""
    with pytest.raises(SettingsError) as caught:
        read(variables)
    assert said in str(caught.value)
    assert "pydantic" not in str(caught.value)


def test_settings_are_read() -> None:
    """Commas separate, blanks do not count, and what is empty is unset."""
    found = read(
        {
            "NAMESPACES": "a, b,a,",
            "EXTERNAL_HOSTS": "*.example.com, [::1]:5000",
            "REGISTRY_POLL": "1",
            "IMAGE_SERVER": "x",
            "LOG_LEVEL": "",
        }
    )
    assert found == Settings(
        namespaces=("a", "b"),
        external_hosts=("*.example.com", "[::1]:5000"),
        registry_poll=1,
        images={"server": "x"},
    )
    assert read({}) == Settings()


def test_what_the_kubelet_says_of_a_service_is_no_setting() -> None:
    """A Service named mlflow-operator in the same namespace gives every pod variables with this prefix."""
    links = {
        "SERVICE_HOST": "10.0.0.1",
        "SERVICE_PORT": "8080",
        "SERVICE_PORT_HTTP": "8080",
        "PORT": "tcp://10.0.0.1:8080",
        "PORT_8080_TCP": "tcp://10.0.0.1:8080",
        "PORT_8080_TCP_ADDR": "10.0.0.1",
        "METRICS_SERVICE_HOST": "10.0.0.2",
    }
    assert read(links) == Settings()
