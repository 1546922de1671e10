"""Around the battery: coolant, cabin air, weather, safety chain and extinguisher."""
