"""One writer per kind of reference page; each gives Markdown as text."""
