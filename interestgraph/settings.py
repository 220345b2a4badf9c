"""Settings from options, the environment and a ``.env`` file, in that order.

Connection settings carry Neo4j's own names (``NEO4J_URI`` and so on); the rest is prefixed
``INTERESTGRAPH_``. Nothing else in the package reads the environment.
"""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import platformdirs
from pydantic import Field, SecretStr, ValidationError, field_validator
from pydantic_core import PydanticCustomError
from pydantic_settings import BaseSettings, SettingsConfigDict

from interestgraph.errors import ConfigurationError

NEO4J_VERSION = "2026.09.0"
"""Version of the private server; its jars are listed in ``neo4j/neo4j-<version>.lock.toml``."""


class Settings(BaseSettings):
    """Where the graph is and where this machine keeps its files."""

    # Not `populate_by_name`: it would also read the variables HOME and CACHE.
    model_config = SettingsConfigDict(env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True)

    neo4j_uri: str | None = Field(default=None, validation_alias="NEO4J_URI")
    """Bolt or neo4j URI of an existing server; None: the private server in `home`."""
    neo4j_username: str = Field(default="neo4j", validation_alias="NEO4J_USERNAME")
    neo4j_password: SecretStr | None = Field(default=None, validation_alias="NEO4J_PASSWORD")
    neo4j_database: str = Field(default="neo4j", validation_alias="NEO4J_DATABASE")
    home: Path = Field(
        default_factory=lambda: Path(platformdirs.user_data_dir("interestgraph")),
        validation_alias="INTERESTGRAPH_HOME",
    )
    """Folder of the private server: data, logs, configuration, password."""
    cache: Path = Field(
        default_factory=lambda: Path(platformdirs.user_cache_dir("interestgraph")),
        validation_alias="INTERESTGRAPH_CACHE",
    )
    """Folder of what can be fetched again: the server's jars."""
    bolt_port: int | None = Field(default=None, validation_alias="INTERESTGRAPH_BOLT_PORT", ge=1, le=65535)
    """Bolt port of the private server; None: a free one, remembered in `home`."""
    http_port: int | None = Field(default=None, validation_alias="INTERESTGRAPH_HTTP_PORT", ge=1, le=65535)
    """HTTP port (Neo4j Browser) of the private server; None: a free one, remembered in `home`."""
    java_options: str = Field(default="", validation_alias="INTERESTGRAPH_JAVA_OPTIONS")
    """More options for the Java of the private server, as a shell would split them: ``-Xmx8g``. They come after
    ours, so that of two values of one option these count."""

    @field_validator("java_options")
    @classmethod
    def _splits(cls, value: str) -> str:
        try:
            shlex.split(value)
        except ValueError as error:
            raise PydanticCustomError("shell_words", "{reason}", {"reason": str(error)}) from error
        return value

    @property
    def java_flags(self) -> list[str]:
        """`java_options`, one by one."""
        return shlex.split(self.java_options)


def load_settings(**overrides: Any) -> Settings:
    """Read the settings; `overrides` (None means: not given) win over environment and ``.env``.

    Raises:
        ConfigurationError: a value has the wrong form.
    """
    aliases = {name: str(field.validation_alias) for name, field in Settings.model_fields.items()}
    given = {aliases[name]: value for name, value in overrides.items() if value is not None}
    try:
        settings = Settings(**given)
    except ValidationError as error:
        first = error.errors()[0]
        name = ".".join(str(part) for part in first["loc"])
        raise ConfigurationError(f"setting {name}: {first['msg']} (got {first['input']!r})") from error
    return settings.model_copy(
        update={"home": settings.home.expanduser().absolute(), "cache": settings.cache.expanduser().absolute()}
    )
