"""Pages that need nothing else: the parts that all HTML reports are made of."""
