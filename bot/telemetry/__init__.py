"""Where the outside world watches; nothing here can reach back into the desk."""
