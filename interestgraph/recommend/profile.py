"""Who a user is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from interestgraph.neo4j.connection import Database
from interestgraph.recommend.context import check_count, read_context, require_user

_DERIVED = {"userId", "embedding", "embeddingRun", "communityId", "communityBefore", "upperBefore", "communityRun"}


@dataclass(frozen=True)
class Activity:
    """What a user did, by behaviour."""

    behaviour: str
    items: int
    events: int
    value: float | None
    """Sum of the values (amounts), or of the latest ratings."""
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class Interest:
    """A category and its share of the user's interest on its level."""

    category_id: str
    name: str
    level: int
    share: float
    score: float


@dataclass(frozen=True)
class CommunityMembership:
    """A community of the user; level 1 is the upper one."""

    community_id: str
    label: str
    level: int
    size: int


@dataclass(frozen=True)
class CampaignContact:
    """A campaign that the user received."""

    campaign_id: str
    kind: str | None
    starts_at: datetime | None
    ends_at: datetime | None
    redeemed: int
    """Coupons redeemed."""


@dataclass(frozen=True)
class Profile:
    """All that the graph knows of a user."""

    user_id: str
    attributes: dict[str, Any]
    last_active: datetime | None
    activity: tuple[Activity, ...]
    interests: tuple[Interest, ...]
    """By level, then by falling share."""
    communities: tuple[CommunityMembership, ...]
    campaigns: tuple[CampaignContact, ...]
    notes: tuple[str, ...] = ()


def profile(database: Database, user: str, n: int = 10) -> Profile:
    """Read a user's attributes, activity, strongest n interests per level, communities and campaigns.

    Raises:
        UnknownUserError: the graph has no such user.
        ConfigurationError: `n` is out of range.
    """
    check_count(n)
    require_user(database, user)
    (row,) = database.read("serve/profile", userId=user, limit=n)
    activity = tuple(
        Activity(
            behaviour=part["behaviour"],
            items=part["items"],
            events=part["events"],
            value=part["value"],
            first_at=_moment(part["firstAt"]),
            last_at=_moment(part["lastAt"]),
        )
        for part in row["activity"]
    )
    interests = tuple(
        Interest(entry["categoryId"], entry["name"], level["level"], entry["share"], entry["score"])
        for level in row["interests"]
        for entry in level["interests"]
    )
    communities = tuple(
        CommunityMembership(part["communityId"], part["label"], part["level"], part["size"])
        for part in row["communities"]
    )
    campaigns = tuple(
        CampaignContact(
            campaign_id=part["campaignId"],
            kind=part["kind"],
            starts_at=_maybe(part["startsAt"]),
            ends_at=_maybe(part["endsAt"]),
            redeemed=part["redeemed"],
        )
        for part in row["campaigns"]
    )
    attributes = {name: value for name, value in sorted(row["attributes"].items()) if name not in _DERIVED}
    return Profile(
        user_id=user,
        attributes=attributes,
        last_active=max((part.last_at for part in activity), default=None),
        activity=activity,
        interests=interests,
        communities=communities,
        campaigns=campaigns,
        notes=read_context(database).notes[:1] if not interests else (),
    )


def _moment(millis: int) -> datetime:
    return datetime.fromtimestamp(millis / 1000, UTC)


def _maybe(millis: int | None) -> datetime | None:
    return None if millis is None else _moment(millis)
