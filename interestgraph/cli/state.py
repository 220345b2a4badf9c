"""``interestgraph status`` and ``interestgraph doctor``."""

from __future__ import annotations

import typer

from interestgraph.cli.app import JsonOption, app, open_graph, settings


@app.command()
def status(as_json: JsonOption = False) -> None:
    """Show what the graph holds.

    Example: interestgraph status
    """
    from interestgraph.cli.output import print_json, print_table

    with open_graph() as graph:
        found = graph.status()
    if as_json:
        print_json(found)
        return
    rows = [
        ("Neo4j", f"{found.version} {found.edition}"),
        ("users", found.users),
        ("items", found.items),
        ("categories", found.categories),
        ("campaigns", found.campaigns),
        ("communities", found.communities),
        *((f"{name} relationships", count) for name, count in found.behaviours.items()),
        ("SIMILAR_TO relationships", found.similar_to),
        ("INTERESTED_IN relationships", found.interested_in),
        ("relationships in all", found.relationships),
        ("last event", found.last_event_at),
        ("loads", ", ".join(found.loads) or "none: `interestgraph load`"),
        *((("interrupted loads", ", ".join(found.unfinished_loads)),) if found.unfinished_loads else ()),
        ("enrichment", found.enrich_run or "none: `interestgraph enrich`"),
        ("embedding", found.embedding_run or "none: `interestgraph embed`"),
    ]
    print_table("graph", ("", ""), rows)


@app.command()
def doctor(as_json: JsonOption = False) -> None:
    """Check Python, Java, jars, server, schema, disk and memory; every finding comes with its fix.

    Exit code 1 if something does not work.

    Example: interestgraph doctor
    """
    from interestgraph.cli.output import print_json, print_table
    from interestgraph.doctor import examine

    findings = examine(settings())
    if as_json:
        print_json(findings)
    else:
        rows = [(finding.state, finding.subject, finding.detail, finding.fix) for finding in findings]
        print_table("doctor", ("", "what", "found", "fix"), rows)
    if any(finding.state == "fail" for finding in findings):
        raise typer.Exit(1)
