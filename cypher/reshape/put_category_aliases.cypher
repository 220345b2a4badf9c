// purpose: Note that categories are merged into others, those that were merged into these before included, and on all loads
// that names have changed.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MERGE (a:CategoryAlias {categoryId: row.categoryId})
SET a.into = row.into
WITH row
OPTIONAL MATCH (older:CategoryAlias {into: row.categoryId})
SET older.into = row.into
WITH count(*) AS ignored
MATCH (l:Load)
SET l.aliases = COUNT { (:Alias) } + COUNT { (:CategoryAlias) }
