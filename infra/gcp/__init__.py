"""The platform on Google Cloud: one module a part of a layer, under the names that every cloud uses."""
