"""Marketing: campaigns, who received them, what they promote, and who redeemed their coupons."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import ibis
import ibis.expr.types as ir

from interestgraph.ingest.identity import hashed, identity_text, moment_text, numbered, unmapped
from interestgraph.ingest.nodes import ids, last, left_joined
from interestgraph.ingest.read import FILE, ROW, as_id, as_text, as_time, pick
from interestgraph.ingest.spec import Columns, Links, LoaderSpec

REDEEMED = "REDEEMED"
"""Behaviour of events that are redemptions of coupons."""
UNDATED = datetime(1970, 1, 1)
"""Stands for the missing moment of a redemption."""


def links_of(spec: LoaderSpec, raw: Mapping[str, ir.Table], part: Links | None, key: str) -> ir.Table:
    """A table userId, itemId, campaignId, at; rows without one of the ids they need are left out."""
    schema = {"campaignId": "string", "userId": "string", "itemId": "string", "at": "timestamp(6)"}
    schema |= {FILE: "string", ROW: "int64", "eventId": "uint64"}
    if part is None or part.file not in raw:
        return ibis.memtable([], schema=schema)
    table = raw[part.file]

    def text(columns: Columns, name: str) -> ir.Value:
        column = pick(table, columns, spec, f"{key}.{name}")
        case = "keep" if name == "campaign" else spec.id_case
        return ibis.null("string") if column is None else as_id(table[column], case)

    time = pick(table, part.time, spec, f"{key}.time")
    ends = {
        "campaignId": text(part.campaign, "campaign"),
        "userId": text(part.user, "user"),
        "itemId": text(part.item, "item"),
    }
    at = as_time(table[time], "auto", spec.events.timezone) if time else ibis.null("timestamp(6)")
    identity = identity_text(table, unmapped(table, spec, part.file), [*ends.values(), moment_text(at)])
    links = table.select(**ends, at=at, **{FILE: table[FILE], ROW: table[ROW]}, eventId=hashed(identity))
    end = links.userId if part.user else links.itemId
    return links.filter(links.campaignId.notnull() & end.notnull())


def redemptions(
    backend: Any,
    spec: LoaderSpec,
    raw: Mapping[str, ir.Table],
    since: datetime | None = None,
    until: datetime | None = None,
) -> tuple[ir.Table, int]:
    """Redeemed coupons as events with the columns of `CleanEvents.events`, and the number of those that are not usable.

    Their item is the campaign, their behaviour REDEEMED; those without a time have the beginning of 1970.
    """
    links = links_of(spec, raw, spec.redeemed, "redeemed")
    table = raw.get(spec.redeemed.file) if spec.redeemed is not None else None
    events, _ = numbered(backend, _within(links, since, until), keyed=False, name="redemptions")
    left_out = 0 if table is None else _rows(table) - _rows(links)
    return events.select(
        "eventId",
        user=events.userId,
        item=events.campaignId,
        behaviour=ibis.literal(REDEEMED),
        at=ibis.coalesce(events["at"], ibis.literal(UNDATED).cast("timestamp(6)")),
        strength=ibis.null("float64"),
        quantity=ibis.null("float64"),
        value=ibis.null("float64"),
    ), left_out


def _rows(table: ir.Table) -> int:
    return int(table.count().to_pyarrow().as_py())


def dated(moment: ir.Value) -> ir.Value:
    """The moment of a redemption, missing where it is not known."""
    return ibis.ifelse(moment == ibis.literal(UNDATED), ibis.null("timestamp(6)"), moment)


def _within(links: ir.Table, since: datetime | None, until: datetime | None) -> ir.Table:
    """Only links of the period; those without a time belong to the first one, which has no beginning."""
    if since is not None:
        links = links.filter(links["at"] >= ibis.literal(since))
    if until is not None:
        links = links.filter(links["at"].isnull() | (links["at"] < ibis.literal(until)))
    return links


def campaigns_of(spec: LoaderSpec, raw: Mapping[str, ir.Table], links: Mapping[str, ir.Table]) -> ir.Table:
    """All campaigns of the links and the campaigns' own table, with what that says of them."""
    known = [ids(table, "campaignId", "campaignId") for table in links.values()]
    part = spec.campaigns
    if part is None or part.file not in raw:
        return ibis.union(*known, distinct=True).mutate(
            kind=ibis.null("string"), startsAt=ibis.null("timestamp(6)"), endsAt=ibis.null("timestamp(6)")
        )
    table = raw[part.file]
    key = pick(table, part.id, spec, "campaigns.id")
    table = table.mutate(campaignId=as_text(table[str(key)]))

    def moment(columns: Columns, name: str) -> ir.Value:
        column = pick(table, columns, spec, f"campaigns.{name}")
        if column is None:
            return ibis.null("timestamp(6)")
        return last(table, as_time(table[column], "auto", spec.events.timezone))

    kind = pick(table, part.kind, spec, "campaigns.kind")
    described = (
        table.filter(table.campaignId.notnull())
        .group_by("campaignId")
        .agg(
            kind=last(table, as_text(table[kind])) if kind else ibis.null("string"),
            startsAt=moment(part.starts_at, "starts_at"),
            endsAt=moment(part.ends_at, "ends_at"),
        )
    )
    return left_joined(ibis.union(*known, described.select("campaignId"), distinct=True), described, "campaignId")
