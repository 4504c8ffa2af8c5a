"""From landing zone to published silver: contracts, ingestion, profile, drift and the monthly flow."""
