"""Where strategy and risk meet: one pure step, driven alike by every shell."""
