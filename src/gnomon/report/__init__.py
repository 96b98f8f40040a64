"""The drawing kit: numbers first, drawing second; one offline page per answer; no knowledge of studies."""
