"""Everything that can be set, from ``KLUSTERGRAF_*`` variables or the options of ``serve``."""

from pathlib import Path
from typing import Literal, Self

from pydantic import Field, SecretStr, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from klustergraf.namespaces import BASE
from klustergraf.version import default_home


class Settings(BaseSettings):
    """The settings of the service; read once, when it is made."""

    model_config = SettingsConfigDict(env_prefix="KLUSTERGRAF_", frozen=True, extra="forbid")

    home: Path = Field(default_factory=default_home, description="Folder of the versions.")
    host: str = Field(default="127.0.0.1", description="Address to listen on.")
    port: int = Field(default=8000, ge=0, le=65535, description="Port to listen on; 0: any free.")
    base: str = Field(
        default=BASE, description="What the IRIs of the graph begin with, up to `id/` and `graph/`."
    )
    public_url: str = Field(
        default="",
        description="Address at which others reach the service, as descriptions name it; "
        "empty: as each request names it.",
    )
    publisher_name: str = Field(
        default="Klustergraf", description="The organisation that publishes; never a person."
    )
    publisher_number: str = Field(
        default="",
        pattern=r"^(\d{10})?$",
        description="Its Swedish organisation number, ten digits; names it at dataportal.se.",
    )
    publisher_email: str = Field(
        default="",
        pattern=r"^([A-Za-z0-9._+-]+@[A-Za-z0-9.-]+)?$",
        description="Mailbox of a function there, for questions; never a person's.",
    )
    publisher_type: Literal[
        "",
        "Academia-ScientificOrganisation",
        "Company",
        "IndustryConsortium",
        "LocalAuthority",
        "NationalAuthority",
        "NonGovernmentalOrganisation",
        "NonProfitOrganisation",
        "RegionalAuthority",
        "StandardisationBody",
        "SupraNationalAuthority",
    ] = Field(default="", description="What kind of organisation it is, by ADMS's list of types.")
    map_tiles: str = Field(
        default="",
        pattern=r"^((https?://[A-Za-z0-9.:-]+)?/[^\s{}\"<>]*(\{[zxy]\}[^\s{}\"<>]*){3})?$",
        description="Address of map tiles in Web Mercator, with {z}, {x} and {y}, shown beneath "
        "the map; empty: none, and no other host is asked.",
    )
    map_credit: str = Field(
        default="", description="Whom the tiles are by, as their licence wants it told."
    )
    map_credit_url: str = Field(
        default="",
        pattern=r"^(https?://\S+)?$",
        description="Page about the tiles and their licence.",
    )
    past_versions: int = Field(
        default=2, ge=1, description="How many past versions are kept open for queries at a time."
    )
    default_graph: Literal["union", "unnamed"] = Field(
        default="union",
        description="Default graph of queries: the union of all named graphs, or the unnamed one.",
    )
    storage: Literal["memory", "disk", "auto"] = Field(
        default="memory", description="Where the data lie; auto: on disk when memory is scarce."
    )
    engine_url: str = Field(
        default="",
        pattern=r"^(https?://[^/@]+(/.*)?)?$",
        description="Address for queries of a store elsewhere that answers instead of the built "
        "graph; empty: none.",
    )
    engine_version: str = Field(
        default="",
        description="Version that the store elsewhere holds; empty: as `klustergraf publish` has "
        "recorded there.",
    )
    store_user: str = Field(default="", description="Name for the store elsewhere.")
    store_password: SecretStr = Field(
        default=SecretStr(""), description="Password for the store elsewhere."
    )
    store_auth: Literal["basic", "digest", "bearer"] = Field(
        default="basic", description="How the password is sent there; bearer is for a token."
    )
    service_endpoints: tuple[str, ...] = Field(
        default=(), description="Endpoints that SERVICE may ask, as a JSON list of IRIs."
    )
    workers: int = Field(default=4, ge=1, description="How many queries run at a time; more wait.")
    warm_workers: int = Field(
        default=1,
        ge=0,
        description="How many workers have their own copy of data in memory: faster, asked first.",
    )
    allocator: str = Field(
        default="auto",
        description="Memory allocator of queries: auto (mimalloc if installed), system, or a path.",
    )
    query_timeout_seconds: float = Field(
        default=30.0, gt=0, description="Longest time a query may run; a request may ask for less."
    )
    memory_per_query_mb: int = Field(
        default=1024, ge=16, description="Memory of one query beside the dataset, in MiB."
    )
    answer_mb: int = Field(
        default=512, ge=1, description="Largest answer of a query, in MiB, before compression."
    )
    query_kb: int = Field(default=512, ge=4, le=976, description="Longest text of a query, in KiB.")
    query_depth: int = Field(
        default=256, ge=8, le=1000, description="How deep a query may nest groups and brackets."
    )
    waiting_queries: int = Field(
        default=64, ge=0, description="How many queries may wait for a worker; more are sent away."
    )
    queries_per_client: int = Field(
        default=32, ge=1, description="How many queries of one client may run or wait at a time."
    )
    trusted_proxies: int = Field(
        default=0,
        ge=0,
        description="How many proxies before the service are believed about the client's address.",
    )
    request_head_kb: int = Field(
        default=64, ge=1, description="Largest address and headers of a request, in KiB."
    )
    request_body_kb: int = Field(
        default=4096, ge=1, description="Largest body of a request that is read, in KiB."
    )
    head_seconds: float = Field(
        default=10.0, gt=0, description="Longest time for the head of a request to arrive."
    )
    body_seconds: float = Field(
        default=30.0, gt=0, description="Longest time for the body of a request to arrive."
    )
    stalled_seconds: float = Field(
        default=30.0, gt=0, description="How long a client may take nothing of its answer."
    )
    cache_mb: int = Field(default=64, ge=0, description="Memory for answers kept, in MiB; 0: none.")
    cached_answer_kb: int = Field(
        default=1024, ge=1, description="Largest answer that is kept, in KiB."
    )
    slow_query_seconds: float = Field(
        default=5.0, gt=0, description="A query that takes longer is logged."
    )
    log_requests: bool = Field(default=False, description="Whether every request is logged.")
    watch_seconds: float = Field(
        default=1.0, gt=0, description="How often to look for a new current version."
    )
    grace_seconds: int = Field(
        default=35, ge=0, description="How long running queries may go on when the service ends."
    )
    rows_per_page: int = Field(
        default=1000, ge=1, description="Most rows that a page shows; downloads are always whole."
    )

    @model_validator(mode="after")
    def _tiles_are_whole(self) -> Self:
        """Refuse tiles whose address lacks a number, or that say not whose they are."""
        if self.map_tiles:
            lacking = [part for part in ("{z}", "{x}", "{y}") if part not in self.map_tiles]
            if lacking:
                raise ValueError(f"map_tiles lacks {', '.join(lacking)}")
            if not self.map_credit:
                raise ValueError("map_tiles are set, so map_credit must say whose they are")
        return self
