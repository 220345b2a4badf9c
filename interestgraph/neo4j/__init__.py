"""The one door to Neo4j: connection, query files, private server, offline import.

No other part of the package imports the driver.
"""
