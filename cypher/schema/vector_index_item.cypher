// purpose: Cosine vector index on the embeddings of Items; options as {indexConfig: {`vector.dimensions`: 64, ...}}.
// parameters: options MAP
// returns: none
// mode: SCHEMA
CREATE VECTOR INDEX item_embedding IF NOT EXISTS
FOR (n:Item) ON (n.embedding)
OPTIONS $options
