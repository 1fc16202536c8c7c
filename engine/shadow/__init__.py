"""Books that are only kept on paper, beside the live one, by the same engine on the same quotes."""
