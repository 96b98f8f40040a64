"""Laws whose output is a setting of a run: learning rate, batch, weight decay, depth, the split of compute."""
