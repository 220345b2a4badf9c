// purpose: What recording needs to know: behaviours, and the moment and trend half-life of the complete enrichment.
// parameters: none
// returns: behaviours LIST<MAP>, asOf INTEGER, trendHalfLife FLOAT
// mode: READ
OPTIONAL MATCH (b:Behaviour)
WITH collect(b {.name, .strength, .halfLife, .primary}) AS behaviours
OPTIONAL MATCH (e:EnrichRun {status: 'complete'})
WITH behaviours, collect(e)[0] AS e
RETURN behaviours, e.asOf.epochMillis AS asOf, e.trendHalfLife AS trendHalfLife
