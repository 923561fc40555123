"""What all figures share, and how they leave a notebook: colours, frames, images, files."""
