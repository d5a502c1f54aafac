"""Everything that can be set, from ``KLUSTERGRAF_*`` variables or the options of ``serve``."""

from pathlib import Path
from typing import Literal

from pydantic import Field
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
    default_graph: Literal["union", "unnamed"] = Field(
        default="union",
        description="Default graph of queries: the union of all named graphs, or the unnamed one.",
    )
    workers: int = Field(default=4, ge=1, description="How many queries run at a time; more wait.")
    query_timeout_seconds: float = Field(
        default=30.0, gt=0, description="Longest time a query may run; a request may ask for less."
    )
    memory_per_query_mb: int = Field(
        default=1024, ge=16, description="Memory of one query beside the dataset, in MiB."
    )
    request_body_kb: int = Field(
        default=4096, ge=1, description="Largest body of a request that is read, in KiB."
    )
    rows_per_page: int = Field(
        default=1000, ge=1, description="Most rows that a page shows; downloads are always whole."
    )
