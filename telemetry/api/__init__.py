"""The JSON API of the store: what the pages show, for programs. Needs djangorestframework."""
