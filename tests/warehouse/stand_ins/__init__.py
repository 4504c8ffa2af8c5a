"""What stands in for the clouds' warehouses: one server an engine, each on loopback, ended with its test."""
