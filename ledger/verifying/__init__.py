"""The public page that says what a file is: no login, no cookie, nothing kept."""
