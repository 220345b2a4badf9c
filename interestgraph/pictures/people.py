"""The map of the vectors, and example users: who they are, and what is recommended to them and why."""

from __future__ import annotations

from collections import Counter
from html import escape

from interestgraph.analysis.answer import Answer
from interestgraph.errors import StateError
from interestgraph.page import charts
from interestgraph.page.charts import Group
from interestgraph.page.document import absent, figure, panels, row, table
from interestgraph.pictures.source import Source
from interestgraph.recommend.context import require_user
from interestgraph.recommend.profile import Profile, profile
from interestgraph.recommend.recommend import Recommendation, RecommendConfig, recommend

FACTS = ("rhythm", "price level", "brands", "channels", "campaigns")
"""Sections of the question `portrait` that are shown as facts; interests have bars."""
INTERESTS = 6
RECOMMENDATIONS = 5


def vector_map(source: Source) -> str:
    """Where users, items and categories lie by their vectors; colours are communities."""
    if source.context.embedding_run is None:
        raise StateError("The graph has no vectors (or embed was interrupted): run `interestgraph embed`.")
    from interestgraph.embed.plot import plane

    drawn = plane(source.database, source.config.points, source.progress)
    named = "community" if any(drawn.groups["community"]) else "category"
    labels = drawn.groups[named]
    largest = [name for name, _ in Counter(label for label in labels if label).most_common(charts.COLOURS)]
    groups = []
    for name in (None, *largest):
        chosen = [at for at, label in enumerate(labels) if (label if label in largest else None) == name]
        # Down is positive in the picture.
        places = [(100 * drawn.places[at][0], 100 * (1 - drawn.places[at][1])) for at in chosen]
        centre = None if name is None else _middle(places)
        groups.append(Group(name or "others", places, centre))
    shown = ", ".join(
        f"{count:,} {kind}" for count, kind in zip(drawn.counts, ("users", "items", "categories"), strict=True)
    )
    plot = charts.points(groups, f"map of {shown} by their vectors, coloured by the {len(largest)} largest groups")
    told = f"{shown} of run {drawn.run['runId']}, flattened by t-SNE: near ones are alike, far distances mean little"
    return figure(f"Coloured by {named}", plot, told)


def _middle(places: list[tuple[float, float]]) -> tuple[float, float]:
    """The median place."""
    across, down = (sorted(place[axis] for place in places) for axis in (0, 1))
    return across[len(across) // 2], down[len(down) // 2]


def examples(source: Source) -> str:
    """Portraits of some users with their recommendations."""
    users = source.config.users or _chosen(source)
    if not users:
        raise StateError("No portraits were asked for." if source.status.users else "The graph has no users yet.")
    return "".join(_portrait(source, user) for user in users)


def _chosen(source: Source) -> tuple[str, ...]:
    """Users from the median to the busiest, by days with events."""
    wanted = source.config.examples
    shares = [0.5 + 0.49 * number / max(wanted - 1, 1) for number in range(wanted)]
    places = dict.fromkeys(int(share * source.status.users) for share in shares)
    found = [row for place in places for row in source.database.read("pictures/example_user", place=place)]
    return tuple(dict.fromkeys(str(row["userId"]) for row in found))


def _portrait(source: Source, user: str) -> str:
    require_user(source.database, user)
    return (
        f'<article class="portrait"><h3>User {escape(user)}</h3>'
        + panels(
            [
                interest_bars(profile(source.database, user, INTERESTS)),
                facts_table(source.ask("portrait", userId=user)),
            ]
        )
        + _recommended(source, user)
        + "</article>"
    )


def interest_bars(found: Profile) -> str:
    """The strongest interests of the upper levels, as bars."""
    bars = [
        (part.category_id, 100 * part.share, f"{100 * part.share:.0f} %") for part in found.interests if part.level <= 2
    ]
    if not bars:
        return figure("Interests", absent("None yet: they come of events, by `interestgraph enrich`."))
    label = f"strongest interests of user {found.user_id}"
    return figure("Interests", charts.bars(bars, label), "share of the interest on the category's level, time-weighted")


def facts_table(answer: Answer) -> str:
    """Facts of a portrait."""
    rows = [
        row(part["fact"] or "", [part["value"] or "–", part["detail"] or ""], text_from=0)
        for part in answer
        if part["section"] in FACTS
    ]
    if not rows:
        return figure("Facts", absent("None: the user has no events."))
    listed = table(("fact", "value", "what it is"), rows, 1, "facts of the user")
    return f'<div class="tight"><h3>Facts</h3>{listed}</div>'


def _recommended(source: Source, user: str) -> str:
    found = recommend(source.database, user, RecommendConfig(n=RECOMMENDATIONS))
    if not found:
        return figure("Recommended", absent("Nothing can be recommended yet."))
    body = [
        row(part.title or part.item_id, [f"{part.score:.3f}", _sources(part), part.reason], text_from=1)
        for part in found
    ]
    listed = table(("recommended", "score", "because of", "reason"), body, 2, f"recommended to {user}")
    return f"<h4>Recommended, and why</h4>{listed}"


def _sources(part: Recommendation) -> str:
    return ", ".join(f"{name} {value:+.2f}" for name, value in list(part.sources.items())[:3])
