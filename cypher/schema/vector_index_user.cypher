// purpose: Cosine vector index on the embeddings of Users; options as {indexConfig: {`vector.dimensions`: 64, ...}}.
// parameters: options MAP
// returns: none
// mode: SCHEMA
CREATE VECTOR INDEX user_embedding IF NOT EXISTS
FOR (n:User) ON (n.embedding)
OPTIONS $options
