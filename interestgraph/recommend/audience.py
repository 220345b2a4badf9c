"""Who to show something to: users by the probability that they choose it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from interestgraph.errors import ConfigurationError, StateError, UnknownIdError
from interestgraph.model import Table
from interestgraph.neo4j.connection import Database, batched
from interestgraph.recommend.catalogue import Catalogue, Flags
from interestgraph.recommend.context import check_count
from interestgraph.recommend.features import features
from interestgraph.recommend.person import DAY, Person
from interestgraph.recommend.ranker import Ranker
from interestgraph.recommend.serving import State, serving
from interestgraph.recommend.sources import CandidateConfig, find_scores

Kind = Literal["item", "category", "campaign"]
ITEMS = 200
"""Items that stand for a category or a campaign, those with the strongest trend."""
USERS_PER_QUERY = 100
NO_LIMIT = 1_000_000


@dataclass(frozen=True)
class AudienceConfig:
    """Who may be in an audience."""

    n: int = 100
    """Most users."""
    max_contacts: int | None = None
    """Leave out users who received so many campaigns in the last `contact_days`."""
    contact_days: float = 30.0
    """Before the last event."""
    kind: Kind | None = None
    """What the id is, where it could be several; None: an item, else a category, else a campaign."""
    pool: int = 1000
    """Users that paths lead to and that are scored, at least `n`."""

    def __post_init__(self) -> None:
        check_count(self.n, 100_000)
        if self.max_contacts is not None and self.max_contacts < 1:
            raise ConfigurationError(f"max_contacts must be at least 1, got {self.max_contacts}")


@dataclass(frozen=True)
class Member:
    """A user of an audience."""

    user_id: str
    probability: float
    """That the user chooses it (of several items: any of them) within the days that the ranker was trained for."""
    item_id: str
    """The item that it is most probable for."""
    chosen_before: bool
    """Whether the user has a relationship to that item."""
    contacts: int
    """Campaigns that the user received lately."""


def audience(database: Database, target: str, config: AudienceConfig) -> Table[Member]:
    """The users that most probably choose an item, anything of a category, or what a campaign promotes.

    Paths in the graph lead to users (own relationships, similar items, interests); the trained ranker gives each item's
    probability, calibrated on users that it did not see. Of several items the probability is 1 - prod(1 - p), which
    takes them as independent. Users who received the campaign already, or too many lately, are left out.

    Raises:
        UnknownIdError: the graph has no such item, category or campaign.
        StateError: no ranker was trained.
    """
    rows = database.read("serve/audience_target", target=target, limit=ITEMS)
    found = next((row for row in rows if config.kind in (None, row["kind"])), None)
    if found is None:
        raise UnknownIdError(f"the graph has no {config.kind or 'item, category or campaign'} {target}")
    held = serving(database)
    state, _, at = held.people(["nobody"], None)
    ranker = require_ranker(state)
    joined = database.read(
        "serve/audience",
        itemIds=found["itemIds"],
        campaignId=target if found["kind"] == "campaign" else None,
        maxContacts=config.max_contacts or NO_LIMIT,
        since=round(at - config.contact_days * DAY),
        limit=max(config.pool, config.n),
    )
    contacts = {row["userId"]: row["contacts"] for row in joined}
    members: list[Member] = []
    for batch in batched(contacts, USERS_PER_QUERY):
        state, people, _ = held.people(batch, None)
        allowed = np.zeros(len(state.catalogue.items), dtype=np.bool_)
        numbers = [state.catalogue.position[item] for item in found["itemIds"] if item in state.catalogue.position]
        allowed[numbers] = True
        for person in people:
            member = _member(state.catalogue, ranker, person, allowed, contacts[person.user])
            if member is not None:
                members.append(member)
    members.sort(key=lambda member: (-member.probability, member.user_id))
    days = ranker.info.get("days")
    note = f"probabilities are for the {days} days after the last event"
    return Table(tuple(members[: config.n]), (note, *state.notes))


def _member(catalogue: Catalogue, ranker: Ranker, person: Person, allowed: Flags, contacts: int) -> Member | None:
    items, chance = chances(catalogue, ranker, person, np.flatnonzero(allowed & catalogue.open))
    if not len(items):
        return None
    best = int(np.argmax(chance))
    return Member(
        user_id=person.user,
        probability=round(float(1 - np.prod(1 - chance)), 6),
        item_id=catalogue.items[items[best]],
        chosen_before=bool(np.isin(items[best], person.item)),
        contacts=contacts,
    )


def chances(
    catalogue: Catalogue, ranker: Ranker, person: Person, wanted: Sequence[int] | np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Calibrated probabilities of some items for a user: their numbers, and one probability each.

    The items are seen among the user's usual candidates, as they were when the ranker learnt.
    """
    scores = find_scores(catalogue, person, CandidateConfig(), also=np.asarray(wanted, dtype=np.int32))
    kept = np.isin(scores.item, wanted)
    rows = features(catalogue, person, scores)[kept]
    return scores.item[kept], ranker.probability(rows, new=False)


def require_ranker(state: State) -> Ranker:
    """The ranker that serves.

    Raises:
        StateError: there is none.
    """
    if state.ranker is None:
        raise StateError(
            "probabilities come from the trained ranker, of which there is none: run `interestgraph train`"
        )
    return state.ranker
