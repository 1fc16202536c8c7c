"""Text to typed settings: a TOML file or a named profile, then the environment, then validation."""
