// purpose: Note that items are merged into others, those that were merged into these before included, and on all loads
// that names have changed.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MERGE (a:Alias {itemId: row.itemId})
SET a.into = row.into
WITH row
OPTIONAL MATCH (older:Alias {into: row.itemId})
SET older.into = row.into
WITH count(*) AS ignored
MATCH (l:Load)
SET l.aliases = COUNT { (:Alias) } + COUNT { (:CategoryAlias) }
