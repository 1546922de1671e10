"""What a battery is worth: prices, dispatch with its proof, baselines, and the way from the maximum to the realised."""
