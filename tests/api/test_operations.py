"""What those who run the service see: health, counts, logs."""

import json
import logging
import re
from collections.abc import Iterator
from typing import NoReturn

import pytest
from prometheus_client.parser import text_string_to_metric_families
from starlette.testclient import TestClient

from klustergraf.engine.base import QueryRequest
from klustergraf.engine.columns.outcome import ColumnsState
from klustergraf.engine.embedded import EmbeddedEngine
from klustergraf.errors import EngineUnavailable
from klustergraf_api.engines import with_services
from klustergraf_api.logs import JsonLines
from klustergraf_api.metrics import query_hash
from klustergraf_api.settings import Settings
from serving import ENDLESS, tiny_app, wait_until


@pytest.fixture
def own(engine: EmbeddedEngine) -> Iterator[TestClient]:
    """Give a client of a service that nobody else asks, and that logs every request."""
    with TestClient(tiny_app(engine, log_requests=True, slow_query_seconds=0.2)) as client:
        yield client


def samples(client: TestClient) -> dict[str, float]:
    """Read the metrics as Prometheus would."""
    response = client.get("/metrics")
    assert response.status_code == 200
    assert response.headers["content-type"].startswith("text/plain")
    return {
        sample.name + "".join(f"|{value}" for value in sample.labels.values()): sample.value
        for family in text_string_to_metric_families(response.text)
        for sample in family.samples
    }


def test_health_and_readiness(own: TestClient, engine: EmbeddedEngine) -> None:
    """Alive, and able to answer, are two questions; both name the version."""
    for path, status in (("/health", "ok"), ("/ready", "ready")):
        response = own.get(path)
        assert response.json() == {"status": status, "version": engine.version_id}
        assert own.head(path).status_code == 200


def test_everything_is_counted(own: TestClient, engine: EmbeddedEngine) -> None:
    """Queries by kind and outcome, their time, the cache, memory and the version."""
    for _ in range(2):
        own.get("/sparql?query=ASK{}")
    own.get("/sparql?query=SELECT")
    own.get("/sparql", params={"query": "CONSTRUCT WHERE { ?s ?p ?o }"})
    own.get("/sparql", params={"query": "ASK { SERVICE <http://example.org/> {} }"})
    own.get("/sparql", params={"query": ENDLESS, "timeout": "0.3"})
    found = samples(own)
    assert found["klustergraf_queries_total|boolean|ok"] == 1
    assert found["klustergraf_queries_total|boolean|cached"] == 1
    assert found["klustergraf_queries_total|triples|ok"] == 1
    assert found["klustergraf_queries_total|none|sparql-syntax-error"] == 1
    assert found["klustergraf_queries_total|none|query-refused"] == 1
    assert found["klustergraf_queries_total|none|query-timeout"] == 1
    assert found["klustergraf_query_seconds_count|none"] == 3
    assert found["klustergraf_query_seconds_bucket|none|0.1"] == 2
    assert found["klustergraf_cache_hits"] == 1
    assert found["klustergraf_cache_bytes"] > 0
    assert found["klustergraf_workers"] == 4
    assert found["klustergraf_running_queries"] == found["klustergraf_waiting_queries"] == 0
    assert found[f"klustergraf_version_info|{engine.version_id}"] == 1
    assert found["klustergraf_memory_bytes|service"] > 1e6
    assert found["klustergraf_memory_bytes|engine"] > 1e6


@pytest.mark.parametrize("is_federated", [False, True])
def test_metrics_tell_of_the_columns(engine: EmbeddedEngine, *, is_federated: bool) -> None:
    """Of all states one is 1, and in the end the columns are made."""
    settings = Settings(service_endpoints=("https://example.org/sparql",) if is_federated else ())
    with TestClient(tiny_app(with_services(engine, settings))) as client:
        assert wait_until(lambda: samples(client)["klustergraf_columns|made"] == 1, 30)
        found = samples(client)
        states = {name: value for name, value in found.items() if "klustergraf_columns|" in name}
    assert len(states) == len(ColumnsState)
    assert sum(states.values()) == 1


def test_metrics_of_a_store_elsewhere() -> None:
    """An engine that is not ours has no columns."""
    with TestClient(tiny_app(Elsewhere())) as client:
        assert samples(client)["klustergraf_columns|none"] == 1


class Elsewhere:
    """An engine that answers nothing."""

    version_id = "0" * 64

    def query(self, _request: QueryRequest, _cancellation: object = None) -> NoReturn:
        """Refuse."""
        raise EngineUnavailable("Nothing is here.")

    def close(self) -> None:
        """Do nothing."""


def test_every_answer_has_an_id(own: TestClient) -> None:
    """The id is the caller's where it is one, else ours; never what could break a log."""
    assert own.get("/health", headers={"X-Request-ID": "a-1.b:c_2"}).headers["x-request-id"] == (
        "a-1.b:c_2"
    )
    ids = set()
    for wrong in ("", "a b", "x" * 65, 'a"b'):
        ids.add(own.get("/nope", headers={"X-Request-ID": wrong}).headers["x-request-id"])
    assert len(ids) == 4
    assert all(re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]+", own_id) for own_id in ids)


def test_log_tells_what_happened_and_not_what_was_asked(
    own: TestClient, caplog: pytest.LogCaptureFixture
) -> None:
    """A line per request, one more for a slow query: an id and a hash, no text, no address."""
    secret = f"{ENDLESS} #secret"
    with caplog.at_level(logging.INFO, logger="klustergraf_api"):
        own.get(
            "/sparql",
            params={"query": secret, "timeout": "0.3"},
            headers={"X-Request-ID": "my-id"},
        )
    lines = [json.loads(JsonLines().format(record)) for record in caplog.records]
    slow = next(line for line in lines if line["message"] == "slow query")
    assert slow["query"] == query_hash(secret)
    assert slow["outcome"] == "query-timeout"
    assert 0.3 <= slow["seconds"] < 2
    assert slow["bytes"] == 0
    request = next(line for line in lines if line["message"] == "request")
    assert (request["method"], request["path"], request["status"]) == ("GET", "/sparql", 503)
    assert "secret" not in json.dumps(lines)
    assert "testclient" not in json.dumps(lines)


def test_openapi_documents_the_endpoint(own: TestClient) -> None:
    """OpenAPI names the endpoint and all that it takes."""
    described = own.get("/openapi.json").json()["paths"]["/sparql"]
    assert set(described) == {"get", "post"}
    names = {parameter["name"] for parameter in described["get"]["parameters"]}
    assert names == {
        "query",
        "default-graph-uri",
        "named-graph-uri",
        "timeout",
        "format",
        "version",
    }
    assert "application/sparql-query" in described["post"]["requestBody"]["content"]


def test_plain_options_lists_methods(own: TestClient) -> None:
    """OPTIONS tells what the endpoint takes; a wrong method is told the same."""
    for path in ("/sparql", "/sparql/"):
        asked = own.options(path)
        assert asked.status_code == 204
        wrong = own.put(path)
        assert wrong.status_code == 405
        assert asked.headers["allow"] == wrong.headers["allow"] == "GET, HEAD, OPTIONS, POST"


def test_description_tells_whether_others_are_asked(engine: EmbeddedEngine) -> None:
    """Federated queries are a feature where an endpoint is allowed, and not where none is."""
    feature = "<http://www.w3.org/ns/sparql-service-description#BasicFederatedQuery>"
    for endpoints in ((), ("https://sparql.example.org/",)):
        with TestClient(tiny_app(engine, service_endpoints=endpoints)) as client:
            told = client.get("/sparql", headers={"Accept": "application/n-triples"}).text
        assert "UnionDefaultGraph" in told
        assert (feature in told) is bool(endpoints)


def test_service_asks_only_what_the_settings_allow(engine: EmbeddedEngine) -> None:
    """Endpoints are allowed by name; another is refused, and our own data are answered as ever."""
    allowed = "https://sparql.example.org/"
    settings = Settings(service_endpoints=(allowed,))
    federated = with_services(engine, settings)
    assert with_services(engine, Settings()) is engine
    with TestClient(tiny_app(federated)) as client:
        assert client.get("/sparql?query=ASK{}").json()["boolean"] is True
        refused = client.get("/sparql", params={"query": "ASK { SERVICE <http://127.0.0.1/> {} }"})
        assert refused.status_code == 403
        assert allowed in refused.json()["detail"]
