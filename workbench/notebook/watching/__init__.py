"""Running studies and watching them: start, stop, attach, and the lines that grow."""
