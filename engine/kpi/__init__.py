"""Figures by which the method is judged, from what the desk remembers of itself."""
