// purpose: What recording needs to know: behaviours, the moment and trend half-life of the complete enrichment, and whether
// any items are merged into others, or any relationships pruned.
// parameters: none
// returns: behaviours LIST<MAP>, asOf INTEGER, trendHalfLife FLOAT, merged BOOLEAN, pruned BOOLEAN
// mode: READ
OPTIONAL MATCH (b:Behaviour)
WITH collect(b {.name, .strength, .halfLife, .primary}) AS behaviours
OPTIONAL MATCH (e:EnrichRun {status: 'complete'})
WITH behaviours, collect(e)[0] AS e
RETURN behaviours, e.asOf.epochMillis AS asOf, e.trendHalfLife AS trendHalfLife,
       EXISTS { (:Alias) } AS merged, EXISTS { (:Pruned) } AS pruned
