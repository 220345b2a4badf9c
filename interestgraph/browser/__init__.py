"""What Neo4j Browser needs to be at home in an interest graph: favourites, a style sheet, a guide."""
