// purpose: The parts of the ledger, without their data: of some kinds, one loader (null: all), a period (epoch
// milliseconds; null: all; parts without a moment always belong to it), and without some loads.
// parameters: kinds LIST<STRING>, source STRING, first INTEGER, last INTEGER, without LIST<STRING>
// returns: partId STRING, loadId STRING, source STRING, rows INTEGER, firstMs INTEGER, lastMs INTEGER
// mode: READ
MATCH (p:LogPart)
WHERE p.kind IN $kinds AND ($source IS NULL OR p.source = $source) AND NOT p.loadId IN $without
  AND ($last IS NULL OR p.firstMs IS NULL OR p.firstMs <= $last)
  AND ($first IS NULL OR p.lastMs IS NULL OR p.lastMs >= $first)
RETURN p.partId AS partId, p.loadId AS loadId, p.source AS source, p.rows AS rows,
       p.firstMs AS firstMs, p.lastMs AS lastMs
ORDER BY partId
