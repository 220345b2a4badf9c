"""Stream: messages of a growing file, a pipe or Kafka become events of the graph, each of them once."""
