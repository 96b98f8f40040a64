"""From live objects to the records of the chart kit, and the figures they become."""
