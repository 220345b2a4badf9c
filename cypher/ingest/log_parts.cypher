// purpose: Parts of the ledger: what a load brought, compressed (Parquet in base64); moments in epoch milliseconds, UTC.
// parameters: rows LIST<MAP>
// returns: none
// mode: WRITE
UNWIND $rows AS row
MERGE (p:LogPart {partId: row.partId})
SET p += row
