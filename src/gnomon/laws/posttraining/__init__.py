"""Laws of what follows pre-training: reinforcement learning, reward models, sampling and voting at inference."""
