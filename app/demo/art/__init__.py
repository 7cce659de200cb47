"""How the demo's pictures are drawn: colours, marks, lettering and scenes. Everything is text made by our own code."""
