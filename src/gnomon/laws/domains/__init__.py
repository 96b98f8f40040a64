"""Laws of single fields: images and video, robots, motion, time series, atoms, uncertainty, theory."""
