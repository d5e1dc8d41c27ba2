"""Pages for people, one Markdown file each; they are installed with the program."""
