"""Studies: systems that make runs, fit them and judge a claim. Each is one entry; studies never import each other."""
