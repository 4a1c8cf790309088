"""The pages for people: server-rendered, with the same services as the API."""
